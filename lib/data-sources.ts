import { HttpStatus, type DynamicModule, type Type } from '@nestjs/common';
import { TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import type { DataSource, DataSourceOptions } from 'typeorm';
import { ApiKeyRow } from './api-key/api-key.entity.js';
import { AuditChain } from './audit/audit-chain.entity.js';
import { AuditRow } from './audit/audit-row.entity.js';
import { AdminOperation } from './admin/operations/admin-operation.entity.js';
import { ConnectionPoolManager } from './database/connection-pool-manager.js';
import { CentralDatabaseMissingError } from './database/errors.js';
import { ImpersonationRow } from './impersonation/impersonation.entity.js';
import { MaintenanceRow } from './maintenance/maintenance.entity.js';
import { CENTRAL_MIGRATIONS, migrateCentral, TENANT_MIGRATIONS } from './migration/index.js';
import { SchemaTemplate } from './migration/schema-template.entity.js';
import { QuotaCounter } from './quota/quota-counter.entity.js';
import { QuotaLogEntry } from './quota/quota-log.entity.js';
import { QuotaReservationRow } from './quota/quota-reservation.entity.js';
import type { ResolvedTenancyOptions } from './options/resolve.js';
import { TENANCY_OPTIONS } from './options/tokens.js';
import { Domain } from './tenant/domain.entity.js';
import { TenancyError } from './tenancy.error.js';
import { TenantCredentials } from './tenant/tenant-credentials.entity.js';
import { TenantSchema } from './tenant/tenant-schema.entity.js';
import { Tenant } from './tenant/tenant.entity.js';

const FEATURE_ENTITIES = [
  AdminOperation,
  QuotaCounter,
  QuotaReservationRow,
  QuotaLogEntry,
  AuditChain,
  AuditRow,
  MaintenanceRow,
  ApiKeyRow,
  ImpersonationRow,
];

type Section = ResolvedTenancyOptions['central'] | ResolvedTenancyOptions['tenants'];
type CreateDataSource = (options: DataSourceOptions) => Promise<DataSource>;

/** Under this key the factory of a DataSource finds what TypeOrmModule would not inject into it. */
const CREATE = Symbol('create');

/**
 * The two DataSources, registered where `TypeOrmModule.forRoot()` would have: the tenant-bound one as the default, the
 * central one under its name. So `forFeature`, `@InjectRepository` and the rest work as they are.
 */
export function dataSourceModules(centralName: string): DynamicModule[] {
  return [
    TypeOrmModule.forRootAsync({
      inject: [TENANCY_OPTIONS, ConnectionPoolManager],
      useFactory: ({ tenants }: ResolvedTenancyOptions, pools: ConnectionPoolManager) =>
        moduleOptions(tenants, [], TENANT_MIGRATIONS, async (options) =>
          pools.createTenantDataSource(options),
        ),
      dataSourceFactory: createDataSource,
    }),
    TypeOrmModule.forRootAsync({
      name: centralName,
      inject: [TENANCY_OPTIONS, ConnectionPoolManager],
      useFactory: ({ central }: ResolvedTenancyOptions, pools: ConnectionPoolManager) => ({
        ...moduleOptions(
          central,
          [Tenant, Domain, TenantCredentials, TenantSchema, SchemaTemplate, ...FEATURE_ENTITIES],
          CENTRAL_MIGRATIONS,
          async (options) => {
            const dataSource = await pools.createCentralDataSource(options);
            await pools.verifyBudget();
            await requireCentralDatabase(pools);
            await dataSource.initialize();
            if (central.migrate) await migrateCentral(dataSource, pools);
            return dataSource;
          },
        ),
        // TypeOrmModule looks for it here again when the app shuts down.
        name: centralName,
      }),
      dataSourceFactory: createDataSource,
    }),
  ];
}

function moduleOptions(
  { entities = [], subscribers = [], migrations = [], typeorm }: Section,
  ownEntities: readonly Type[],
  ownMigrations: readonly Type[],
  create: CreateDataSource,
): TypeOrmModuleOptions {
  const options = {
    ...typeorm,
    autoLoadEntities: true,
    entities: [...ownEntities, ...Object.values(entities)],
    subscribers: Object.values(subscribers),
    migrations: [...ownMigrations, ...Object.values(migrations)],
    toRetry: isWorthRetrying,
    [CREATE]: create,
  };
  // `type` is added by the engine, which alone knows it.
  return options;
}

async function createDataSource(options?: DataSourceOptions): Promise<DataSource> {
  const { [CREATE]: create, ...own } = options as DataSourceOptions & {
    readonly [CREATE]: CreateDataSource;
  };
  return create(own);
}

/** Else the first query would find out, with migrations turned off in the middle of a request. */
async function requireCentralDatabase(pools: ConnectionPoolManager): Promise<void> {
  const { database } = pools.centralPlacement;
  const exists = await pools.centralAdministration.databaseExists(database);
  if (!exists) throw new CentralDatabaseMissingError(database);
}

/** A server may still be starting. Everything else, refused options or a broken migration, stays as it is. */
function isWorthRetrying(error: unknown): boolean {
  return error instanceof TenancyError && error.getStatus() === HttpStatus.SERVICE_UNAVAILABLE;
}
