import 'reflect-metadata';
import { Module, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { ModuleRef, NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  ConnectionPoolManager,
  Tenancy,
  TenancyModule,
  TenantService,
  type TenancyModuleOptions,
} from 'nestjs-tenancy';
import { TENANTS, type Databases } from './entry-point.js';
import { SENSES } from './senses/index.js';
import { logBook } from './senses/log.js';
import { Witness } from './witness.js';

/** The keys that both tenants keep something under. */
export const KEYS = ['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7'] as const;

/** Few, so that connections go from tenant to tenant all the time. */
const MAX_CONNECTIONS = 6;

export interface ContextsAppParts extends Pick<
  ModuleMetadata,
  'imports' | 'controllers' | 'providers'
> {
  /** Default: Fastify's. */
  readonly adapter?: AbstractHttpAdapter;
  readonly options?: Pick<TenancyModuleOptions, 'identify' | 'http'>;
  /** Called before the app listens: microservices, a WebSocket adapter, … */
  readonly configure?: (app: INestApplication) => void | Promise<void>;
}

/** A started app with two tenants, and what entry points need of it. */
export interface ContextsApp {
  /** Listens on a free port. */
  readonly nest: INestApplication;
  readonly tenancy: Tenancy;
  readonly pools: ConnectionPoolManager;
  readonly witness: Witness;
  close(): Promise<void>;
}

/** Starts an app whose two tenants, `first` and `second`, keep different things under the same keys. */
export async function startContextsApp(
  databases: Databases,
  parts: ContextsAppParts,
): Promise<ContextsApp> {
  const { imports = [], providers = [], controllers = [], configure } = parts;
  const nest = await NestFactory.create(
    {
      module: Root,
      imports: [
        TenancyModule.forRoot(optionsOn(databases, parts.options)),
        ...SENSES.flatMap((sense) => sense.imports ?? []),
        {
          module: WitnessModule,
          global: true,
          providers: [Witness, ...SENSES.flatMap((sense) => sense.providers ?? [])],
          exports: [Witness],
        },
        ...imports,
      ],
      providers,
      controllers,
    },
    parts.adapter ?? new FastifyAdapter(),
    { logger: logBook, abortOnError: false },
  );
  await configure?.(nest);
  await nest.listen(0, '127.0.0.1');
  await prepareTenants(nest);
  return {
    nest,
    tenancy: nest.get(Tenancy),
    pools: nest.get(ConnectionPoolManager),
    witness: nest.get(Witness),
    close: () => nest.close(),
  };
}

function optionsOn(
  { centralUrl, serverUrl, databasePrefix }: Databases,
  options: ContextsAppParts['options'],
): TenancyModuleOptions {
  return {
    ...options,
    central: { url: centralUrl },
    tenants: {
      servers: {
        main: { url: serverUrl, maxConnections: MAX_CONNECTIONS, acquireTimeout: 60_000 },
      },
      databasePrefix,
      seed: (_tenant, dataSource) => dataSource.synchronize(),
    },
  };
}

async function prepareTenants(nest: INestApplication): Promise<void> {
  const app = nest.get(ModuleRef);
  for (const slug of TENANTS) {
    await nest.get(TenantService).create({ slug });
    await nest.get(Tenancy).run(slug, async () => {
      for (const key of KEYS) {
        for (const sense of SENSES) await sense.leave(app, key, slug);
      }
    });
  }
}

@Module({})
class Root {}

@Module({})
class WitnessModule {}
