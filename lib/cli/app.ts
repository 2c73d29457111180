import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ApiKeyService } from '../api-key/api-key.service.js';
import { Tenancy } from '../context/tenancy.js';
import { ConnectionPoolManager } from '../database/connection-pool-manager.js';
import { MaintenanceService } from '../maintenance/maintenance.service.js';
import { TenantMigrator } from '../migration/tenant-migrator.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import type { TenancyOptions } from '../options/tenancy-options.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import type { DataSource } from 'typeorm';
import { TenancyModule } from '../tenancy.module.js';
import { PendingTenants } from '../tenant/pending-tenants.js';
import { TenantRegistry } from '../tenant/tenant-registry.js';
import { TenantStore } from '../tenant/tenant-store.js';
import { TenantService } from '../tenant/tenant.service.js';
import { CENTRAL_DATA_SOURCE } from '../tenant/tokens.js';
import type { Run } from './command.js';
import { findConfig } from './config/find-config.js';
import { LoadedConfig } from './config/load-config.js';
import { secretsOf } from './secrets.js';
import { StderrLogger } from './stderr-logger.js';

/** The app as a command sees it: started without a server. */
export class App {
  readonly tenants: TenantService;
  readonly tenancy: Tenancy;
  readonly pools: ConnectionPoolManager;
  readonly options: ResolvedTenancyOptions;

  constructor(
    readonly context: INestApplicationContext,
    readonly config: LoadedConfig,
  ) {
    this.tenants = context.get(TenantService);
    this.tenancy = context.get(Tenancy);
    this.pools = context.get(ConnectionPoolManager);
    this.options = context.get<ResolvedTenancyOptions>(TENANCY_OPTIONS);
  }

  /** The rows of tenants, for what `TenantService` does not do. */
  get store(): TenantStore {
    return this.context.get(TenantStore);
  }

  get apiKeys(): ApiKeyService {
    return this.context.get(ApiKeyService);
  }

  get registry(): TenantRegistry {
    return this.context.get(TenantRegistry);
  }

  get migrator(): TenantMigrator {
    return this.context.get(TenantMigrator);
  }

  get maintenance(): MaintenanceService {
    return this.context.get(MaintenanceService);
  }

  get central(): DataSource {
    return this.context.get<DataSource>(CENTRAL_DATA_SOURCE);
  }

  async close(): Promise<void> {
    try {
      await this.context.close();
    } finally {
      this.config.dispose();
    }
  }
}

/** Loads the configuration that the command is to work with. */
export async function loadConfig({ common, output }: Run): Promise<LoadedConfig> {
  const config = await LoadedConfig.load(findConfig(process.cwd(), process.env, common.config));
  output.hide(secretsOf(config.options, process.env));
  return config;
}

/** Starts the app's own module when the configuration names it, else `TenancyModule` alone with the configuration. */
export async function openApp(run: Run): Promise<App> {
  const config = await loadConfig(run);
  try {
    const module = await config.appModule();
    const context = await NestFactory.createApplicationContext(
      module ?? TenancyModule.forRoot(withoutRetries(config.options)),
      { logger: new StderrLogger(), abortOnError: false },
    );
    // What a command takes of them the app makes up for: it is there for longer.
    context.get(PendingTenants).stop();
    return new App(context, config);
  } catch (error) {
    config.dispose();
    throw error;
  }
}

/** A command says at once that a server does not answer, where an app waits for it to start. */
function withoutRetries({ central, tenants, ...others }: TenancyOptions): TenancyOptions {
  return {
    ...others,
    central: { ...central, typeorm: { ...central?.typeorm, retryAttempts: 1 } },
    tenants: { ...tenants, typeorm: { ...tenants?.typeorm, retryAttempts: 1 } },
  };
}
