import 'reflect-metadata';
import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import {
  ConnectionPoolManager,
  Tenancy,
  TenancyModule,
  TenantService,
  type ServerOptions,
  type TenancyOptions,
} from '../../lib/index.js';
import type { EngineSetup } from './engines.js';

export interface AppOptions {
  /** The app's own modules: `TypeOrmModule.forFeature([…])`, a module with controllers, … */
  readonly imports?: readonly (DynamicModule | Type)[];
  /** Of the one server, `main`. */
  readonly server?: Omit<ServerOptions, 'url'>;
  readonly tenants?: Omit<NonNullable<TenancyOptions['tenants']>, 'servers' | 'databasePrefix'>;
  readonly central?: Omit<NonNullable<TenancyOptions['central']>, 'url'>;
}

/** A running app with the doors that tests go through. */
export interface TestApp {
  readonly nest: INestApplication;
  readonly tenancy: Tenancy;
  readonly tenants: TenantService;
  readonly pools: ConnectionPoolManager;
  /** The tenant-bound DataSource. */
  readonly dataSource: DataSource;
}

/** Starts an app on `setup` that listens on a free port. Its end is `nest.close()`. */
export async function startApp(
  setup: EngineSetup,
  { imports = [], server, tenants, central }: AppOptions = {},
): Promise<TestApp> {
  const { centralUrl, serverUrl, databasePrefix } = setup;
  const tenancy = TenancyModule.forRoot({
    central: { url: centralUrl, ...central },
    tenants: { servers: { main: { url: serverUrl, ...server } }, databasePrefix, ...tenants },
  });
  const nest = await NestFactory.create(
    { module: App, imports: [tenancy, ...imports] },
    new FastifyAdapter(),
    { logger: false, abortOnError: false },
  );
  await nest.listen(0, '127.0.0.1');
  return {
    nest,
    tenancy: nest.get(Tenancy),
    tenants: nest.get(TenantService),
    pools: nest.get(ConnectionPoolManager),
    dataSource: nest.get(DataSource),
  };
}

class App {}
