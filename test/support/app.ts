import 'reflect-metadata';
import { Module, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import {
  ConnectionPoolManager,
  Tenancy,
  TenancyModule,
  TenantService,
  type Tenant,
  type TenancyModuleOptions,
} from '../../lib/index.js';
import type { EngineSetup } from './engines.js';

export interface AppParts extends Pick<ModuleMetadata, 'imports' | 'controllers' | 'providers'> {
  /** Of the one server, `main`. */
  readonly maxConnections?: number;
  readonly acquireTimeout?: number;
  readonly tenants?: TenancyModuleOptions['tenants'];
}

/** A started app that listens on a free port, and what tests talk to. */
export interface TestApp {
  readonly nest: INestApplication;
  readonly tenancy: Tenancy;
  readonly tenants: TenantService;
  readonly pools: ConnectionPoolManager;
  /** The one that follows the context. */
  readonly dataSource: DataSource;
  close(): Promise<void>;
}

/** Starts an app on the databases of `setup` whose tenants' tables are made by `synchronize()`. */
export async function startApp(setup: EngineSetup, parts: AppParts = {}): Promise<TestApp> {
  const { maxConnections, acquireTimeout, tenants, imports = [], ...own } = parts;
  const { centralUrl, serverUrl, databasePrefix } = setup;
  const tenancy = TenancyModule.forRoot({
    central: { url: centralUrl },
    tenants: {
      servers: { main: { url: serverUrl, maxConnections, acquireTimeout } },
      databasePrefix,
      seed: (_tenant, dataSource) => dataSource.synchronize(),
      ...tenants,
    },
  });
  const nest = await NestFactory.create(
    { module: Root, imports: [tenancy, ...imports], ...own },
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
    close: () => nest.close(),
  };
}

/** Creates tenants, a few at once, and gives them in the order of their slugs. */
export async function createTenants(
  { tenants }: Pick<TestApp, 'tenants'>,
  slugs: readonly string[],
): Promise<Tenant[]> {
  const created: Tenant[] = [];
  const remaining = [...slugs.entries()];
  const worker = async () => {
    for (let next = remaining.shift(); next !== undefined; next = remaining.shift()) {
      const [index, slug] = next;
      created[index] = await tenants.create({ slug });
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return created;
}

@Module({})
class Root {}
