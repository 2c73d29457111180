import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { TenantService } from 'nestjs-tenancy';
import { AppModule } from './app.module.js';

async function start(): Promise<void> {
  const app =
    process.env.PLATFORM === 'fastify'
      ? await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter())
      : await NestFactory.create(AppModule);
  const tenants = app.get(TenantService);
  await tenants.create({ slug: 't1', name: 'First' });
  await tenants.create({ slug: 't2', name: 'Second' });
  await app.listen(0, '127.0.0.1');
  process.send?.(await app.getUrl());
}

void start();
