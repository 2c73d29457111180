import {
  ConfigurableModuleBuilder,
  Module,
  type DynamicModule,
  type Provider,
} from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { AUDIT_PROVIDERS } from './audit/providers.js';
import { AuditService } from './audit/audit.service.js';
import { ApiKeyAuthenticator } from './api-key/api-key-authenticator.js';
import { ApiKeyService } from './api-key/api-key.service.js';
import { API_KEY_PROVIDERS } from './api-key/providers.js';
import { REQUEST_RATES } from './context/request-rates.js';
import { TENANT_DIRECTORY, TENANT_GATE, Tenancy } from './context/tenancy.js';
import { dataSourceModules } from './data-sources.js';
import { ConnectionPoolManager } from './database/connection-pool-manager.js';
import { tenantDataSourceProvider } from './database/inject-tenant-data-source.js';
import { TenancyHttpModule } from './http/http.module.js';
import { ImpersonationService } from './impersonation/impersonation.service.js';
import { IMPERSONATION_PROVIDERS } from './impersonation/providers.js';
import { MaintenanceWatch } from './maintenance/maintenance-watch.js';
import { MaintenanceService } from './maintenance/maintenance.service.js';
import { MAINTENANCE_PROVIDERS } from './maintenance/providers.js';
import { API_KEY_DIRECTORY } from './identify/by-api-key.js';
import { OneTenantMigrator } from './migration/one-tenant-migrator.js';
import { PendingMigrationsGate } from './migration/pending-migrations-gate.js';
import { MIGRATION_PROVIDERS } from './migration/providers.js';
import { TenantMigrator } from './migration/tenant-migrator.js';
import { TENANT_DATA_SOURCE } from './migration/tokens.js';
import { resolveOptions } from './options/resolve.js';
import { CENTRAL, type TenancyOptions } from './options/tenancy-options.js';
import { TENANCY_OPTIONS } from './options/tokens.js';
import { QUOTA_PROVIDERS } from './quota/providers.js';
import { QuotaService } from './quota/quota.service.js';
import { REDIS_PROVIDERS } from './redis/providers.js';
import { MAINTENANCE_GATE } from './tenant/maintenance-gate.js';
import { TENANT_PROVIDERS } from './tenant/providers.js';
import { TenancyEvents } from './tenant/tenancy-events.js';
import { TenantRegistry } from './tenant/tenant-registry.js';
import { TENANT_SCHEMAS } from './tenant/tenant-schemas.js';
import { TenantService } from './tenant/tenant.service.js';
import { CENTRAL_DATA_SOURCE } from './tenant/tokens.js';

/** Makes the options of an app that imports `TenancyModule.forRootAsync({ useClass })`. */
export interface TenancyOptionsFactory {
  createTenancyOptions(): TenancyOptions | Promise<TenancyOptions>;
}

const GIVEN_OPTIONS = Symbol.for('nestjs-tenancy:given-options');

const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<TenancyOptions>({ optionsInjectionToken: GIVEN_OPTIONS })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createTenancyOptions')
    .setExtras({ centralName: CENTRAL }, (definition, { centralName }) => ({
      ...definition,
      global: true,
      imports: [
        ...(definition.imports ?? []),
        ...dataSourceModules(centralName),
        { module: TenancyHttpModule, global: true },
      ],
      providers: [...(definition.providers ?? []), ...providers(centralName)],
      exports: [
        TENANCY_OPTIONS,
        CENTRAL_DATA_SOURCE,
        ConnectionPoolManager,
        Tenancy,
        MAINTENANCE_GATE,
        MaintenanceService,
        ImpersonationService,
        QuotaService,
        AuditService,
        ApiKeyAuthenticator,
        ApiKeyService,
        API_KEY_DIRECTORY,
        REQUEST_RATES,
        TENANT_GATE,
        TenantMigrator,
        TenancyEvents,
        ...REDIS_PROVIDERS,
        TenantRegistry,
        TenantService,
        tenantDataSourceProvider.provide,
      ],
    }))
    .build();

/** The options of `TenancyModule.forRoot()`, all of which may be left out. */
export type TenancyModuleOptions = Omit<typeof OPTIONS_TYPE, 'centralName'>;

/**
 * The options of `TenancyModule.forRootAsync()`: `useFactory` with `inject`, `useClass` or `useExisting`, and `imports`.
 * A central DataSource that is not called `central` is named here, in `centralName`, because the name is needed before
 * the factory has run.
 */
export type TenancyModuleAsyncOptions = typeof ASYNC_OPTIONS_TYPE;

/**
 * Makes an app multi-tenant: import it where `TypeOrmModule.forRoot()` was. Global: import it once.
 *
 * ```ts
 * @Module({ imports: [TenancyModule.forRoot(), TypeOrmModule.forFeature([Project])] })
 * export class AppModule {}
 * ```
 */
@Module({})
export class TenancyModule extends ConfigurableModuleClass {
  /** @throws TenancyOptionsError when the app starts, naming every problem and its remedy */
  static override forRoot(options: TenancyModuleOptions = {}): DynamicModule {
    return super.forRoot({ ...options, centralName: options.central?.name ?? CENTRAL });
  }

  /** @throws TenancyOptionsError when the app starts, naming every problem and its remedy */
  static override forRootAsync(options: TenancyModuleAsyncOptions): DynamicModule {
    return super.forRootAsync(options);
  }
}

function providers(centralName: string): Provider[] {
  return [
    {
      provide: TENANCY_OPTIONS,
      inject: [GIVEN_OPTIONS],
      useFactory: (given: TenancyOptions) => resolveOptions(given, process.env, centralName),
    },
    { provide: CENTRAL_DATA_SOURCE, useExisting: getDataSourceToken(centralName) },
    { provide: TENANT_DATA_SOURCE, useExisting: getDataSourceToken() },
    { provide: TENANT_DIRECTORY, useExisting: TenantRegistry },
    { provide: TENANT_GATE, useExisting: PendingMigrationsGate },
    { provide: MAINTENANCE_GATE, useExisting: MaintenanceWatch },
    { provide: TENANT_SCHEMAS, useExisting: OneTenantMigrator },
    ConnectionPoolManager,
    Tenancy,
    ...REDIS_PROVIDERS,
    ...TENANT_PROVIDERS,
    ...MIGRATION_PROVIDERS,
    ...QUOTA_PROVIDERS,
    ...AUDIT_PROVIDERS,
    ...MAINTENANCE_PROVIDERS,
    ...API_KEY_PROVIDERS,
    ...IMPERSONATION_PROVIDERS,
    tenantDataSourceProvider,
  ];
}
