import { Module, type INestApplicationContext, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import {
  CENTRAL,
  ConnectionPoolManager,
  Tenancy,
  TenancyModule,
  TenantRegistry,
  TenantService,
  type TenancyModuleOptions,
} from '../../lib/index.js';
import type { EngineSetup } from './engines.js';

/** A started app without HTTP, and the parts of this package that tests talk to. Close it with `close()`. */
export interface TenancyApp {
  readonly context: INestApplicationContext;
  readonly tenants: TenantService;
  readonly registry: TenantRegistry;
  readonly tenancy: Tenancy;
  readonly pools: ConnectionPoolManager;
  readonly central: DataSource;
  close(): Promise<void>;
}

export interface TenancyAppParts {
  readonly options?: TenancyModuleOptions;
  readonly imports?: ModuleMetadata['imports'];
  readonly providers?: ModuleMetadata['providers'];
}

/** Starts an app on the databases of `setup`; `options` say the rest. */
export async function startTenancyApp(
  setup: EngineSetup,
  { options = {}, imports = [], providers = [] }: TenancyAppParts = {},
): Promise<TenancyApp> {
  const context = await NestFactory.createApplicationContext(
    {
      module: Root,
      imports: [TenancyModule.forRoot(optionsOn(setup, options)), ...imports],
      providers,
    },
    { logger: false, abortOnError: false },
  );
  return {
    context,
    tenants: context.get(TenantService),
    registry: context.get(TenantRegistry),
    tenancy: context.get(Tenancy),
    pools: context.get(ConnectionPoolManager),
    central: context.get(getDataSourceToken(options.central?.name ?? CENTRAL)),
    close: () => context.close(),
  };
}

/** `options` with the addresses of `setup`. */
export function optionsOn(
  setup: EngineSetup,
  options: TenancyModuleOptions = {},
): TenancyModuleOptions {
  return {
    ...options,
    central: { url: setup.centralUrl, ...options.central },
    tenants: {
      servers: { main: { url: setup.serverUrl } },
      databasePrefix: setup.databasePrefix,
      ...options.tenants,
    },
  };
}

@Module({})
class Root {}
