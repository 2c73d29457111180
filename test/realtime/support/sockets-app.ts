import { Module, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { AbstractWsAdapter } from '@nestjs/websockets';
import type { AddressInfo } from 'node:net';
import { TenancyModule, type TenancyModuleOptions } from '../../../lib/index.js';
import type { EngineSetup } from '../../support/engines.js';
import { optionsOn } from '../../support/tenancy-app.js';

export interface SocketsAppParts extends Pick<ModuleMetadata, 'imports' | 'providers'> {
  readonly setup: EngineSetup;
  readonly adapter: (app: INestApplication) => AbstractWsAdapter;
  readonly options?: TenancyModuleOptions;
}

/** An app with gateways among its providers, which listens on a free port. */
export interface SocketsApp {
  readonly nest: INestApplication;
  readonly port: number;
}

export async function startSocketsApp(parts: SocketsAppParts): Promise<SocketsApp> {
  const { setup, adapter, options, imports = [], providers } = parts;
  const given = optionsOn(setup, options);
  const nest = await NestFactory.create(
    {
      module: Root,
      imports: [
        TenancyModule.forRoot({
          ...given,
          tenants: { seed: (_tenant, dataSource) => dataSource.synchronize(), ...given.tenants },
        }),
        ...imports,
      ],
      providers,
    },
    new FastifyAdapter(),
    { logger: false, abortOnError: false },
  );
  try {
    nest.useWebSocketAdapter(adapter(nest));
    await nest.listen(0, '127.0.0.1');
  } catch (error) {
    await nest.close();
    throw error;
  }
  return { nest, port: (nest.getHttpServer().address() as AddressInfo).port };
}

@Module({})
class Root {}
