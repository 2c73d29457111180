import { Controller, Get, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Tenancy, TenancyModule, type TenancyModuleOptions } from '../../../lib/index.js';

@Controller()
class Routes {
  constructor(private readonly tenancy: Tenancy) {}

  @Get('who')
  who() {
    return { slug: this.tenancy.current?.slug ?? null };
  }

  @Get('bare')
  bare() {
    return this.who();
  }
}

@Module({})
class Root {}

/** An app that says which tenant a request was for. Listens on a free port. */
export async function startHttp(options: TenancyModuleOptions): Promise<INestApplication> {
  const app = await NestFactory.create(
    { module: Root, imports: [TenancyModule.forRoot(options)], controllers: [Routes] },
    new FastifyAdapter(),
    { logger: false, abortOnError: false },
  );
  await app.listen(0, '127.0.0.1');
  return app;
}
