import type { BaseDataSourceOptions } from 'typeorm/data-source/BaseDataSourceOptions.js';
import type { DataSource } from 'typeorm';
import {
  IsArray,
  IsBoolean,
  IsInstance,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Min,
  ValidateBy,
} from 'class-validator';
import type { CurrentTenant } from '../context/current-tenant.js';
import type { Identifier, RouteMode } from './identifier.js';
import type { TypeOrmPassThrough } from './typeorm-pass-through.js';

export type { TypeOrmPassThrough } from './typeorm-pass-through.js';

/** The name under which the central DataSource is registered unless `central.name` says otherwise. */
export const CENTRAL = 'central';

/** TypeORM takes lists as arrays and as objects, such as all exports of a module. */
function IsList(): PropertyDecorator {
  return ValidateBy({
    name: 'isList',
    validator: {
      validate: (value: unknown) => typeof value === 'object',
      defaultMessage: () => 'must be an array, or an object whose values are taken',
    },
  });
}

/**
 * Options of the driver's own connection, handed on as they are: mysql2's `ConnectionOptions` (`timezone`, `charset`,
 * `dateStrings`, `ssl`, …); for SQLite better-sqlite3's constructor options. What the URL says wins.
 */
export type DriverConnectionOptions = Readonly<Record<string, unknown>>;

/** A server that the app may place tenants on, and the pool of connections to it. */
export class ServerOptions {
  /**
   * `mysql://user:password@host:3306`, `mariadb://…`, or `sqlite:./folder` for a file per tenant in that folder. The
   * account must be able to create databases. Environment: `TENANCY_SERVER_URL` for the server `main`.
   */
  @IsString()
  readonly url!: string;

  /**
   * Connections to this server that this process may have open at once; opening ones count. Default 20. Times the
   * number of processes, plus what else connects, it must stay under the server's `max_connections` (151 by default).
   * Environment: `TENANCY_MAX_CONNECTIONS`.
   */
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly maxConnections?: number;

  /** Milliseconds that a query waits for a free connection before it fails with `POOL_TIMEOUT` (503). Default 5,000. */
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly acquireTimeout?: number;

  /** {@link DriverConnectionOptions} of connections to this server. */
  @IsOptional()
  @IsObject()
  readonly connection?: DriverConnectionOptions;
}

/** The central database: tenants, domains, and the app's own tables that belong to no tenant. */
export class CentralOptions {
  /** The DataSource's name, for `@InjectRepository(Plan, name)`. Default {@link CENTRAL}. */
  @IsOptional()
  @IsString()
  readonly name?: string;

  /**
   * `mysql://user:password@host:3306/database`, `mariadb://…`, or `sqlite:./file.sqlite`. Default: a SQLite file in
   * `./.tenancy`. Environment: `TENANCY_CENTRAL_URL`.
   */
  @IsOptional()
  @IsString()
  readonly url?: string;

  /**
   * Connections to the central database that this process may have open at once. Default 10; at least 2, because the
   * creation of a tenant holds a lock on one while it works on another.
   */
  @IsOptional()
  @IsInt()
  @Min(2)
  readonly maxConnections?: number;

  /** Milliseconds that a central query waits for a free connection. Default 5,000. */
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly acquireTimeout?: number;

  /** Central entities; those of `TypeOrmModule.forFeature([Plan], CENTRAL)` are found without being listed here. */
  @IsOptional()
  @IsList()
  readonly entities?: BaseDataSourceOptions['entities'];

  /** TypeORM subscribers of the central DataSource. */
  @IsOptional()
  @IsList()
  readonly subscribers?: BaseDataSourceOptions['subscribers'];

  /** The app's own central migrations, classes or globs; they run after this package's. */
  @IsOptional()
  @IsList()
  readonly migrations?: BaseDataSourceOptions['migrations'];

  /** Run pending central migrations when the app starts, under a lock, so that several processes may start at once. Default true. */
  @IsOptional()
  @IsBoolean()
  readonly migrate?: boolean;

  /** {@link DriverConnectionOptions} of the central connections. */
  @IsOptional()
  @IsObject()
  readonly connection?: DriverConnectionOptions;

  /** {@link TypeOrmPassThrough} options of the central DataSource: `logging`, `namingStrategy`, `cache`, … */
  @IsOptional()
  @IsObject()
  readonly typeorm?: TypeOrmPassThrough;
}

/** Puts the first rows into a new tenant's database. Runs in the tenant's context; must be repeatable. */
export type TenantSeeder = (tenant: CurrentTenant, dataSource: DataSource) => Promise<void>;

/** The tenants' databases. */
export class TenantsOptions {
  /** The servers that tenants are placed on, by name. A new tenant goes to the first unless its creation names another. */
  @IsOptional()
  @IsObject()
  readonly servers?: Readonly<Record<string, ServerOptions>>;

  /** What the names of tenant databases start with. Default `tenant_`. Environment: `TENANCY_DATABASE_PREFIX`. */
  @IsOptional()
  @Matches(/^[a-z0-9_]{1,30}$/)
  readonly databasePrefix?: string;

  /** Tenant entities; those of `TypeOrmModule.forFeature([Project])` are found without being listed here. */
  @IsOptional()
  @IsList()
  readonly entities?: BaseDataSourceOptions['entities'];

  /** TypeORM subscribers of the tenant DataSource. */
  @IsOptional()
  @IsList()
  readonly subscribers?: BaseDataSourceOptions['subscribers'];

  /** The app's tenant migrations, classes or globs; they run after this package's, which create `cache`, `cache_locks`, `sessions`. */
  @IsOptional()
  @IsList()
  readonly migrations?: BaseDataSourceOptions['migrations'];

  /** {@link TenantSeeder} of new tenants. */
  @IsOptional()
  @IsInstance(Function)
  readonly seed?: TenantSeeder;

  /** {@link TypeOrmPassThrough} options of the tenant DataSource: `logging`, `namingStrategy`, `cache`, … */
  @IsOptional()
  @IsObject()
  readonly typeorm?: TypeOrmPassThrough;
}

/** How HTTP requests are treated. */
export class HttpOptions {
  /**
   * The mode of a route without `@TenantRoute()`, `@CentralRoute()` or `@UniversalRoute()`: `tenant` (refused without
   * one), `central` (refused with one) or `universal` (either). Default `tenant`.
   */
  @IsOptional()
  @IsIn(['tenant', 'central', 'universal'])
  readonly defaultRouteMode?: RouteMode;

  /** Hosts that belong to no tenant whatever the identifiers say, such as `app.example.com`. Default none. */
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  readonly centralHosts?: readonly string[];

  /** Paths that the middleware leaves alone, in NestJS's syntax: `/health`, `/assets/{*rest}`. Default none. */
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  readonly exclude?: readonly string[];

  /** Mount the middleware and the guard globally. Default true; false for an app that mounts them itself. */
  @IsOptional()
  @IsBoolean()
  readonly mount?: boolean;
}

/** The memory of which tenant a key leads to. */
export class RegistryOptions {
  /** Tenants kept in memory. Default 20,000. */
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly maxTenants?: number;

  /** Milliseconds after which a tenant is read again from the central database. Default 60,000. */
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly ttl?: number;

  /** Keys remembered as leading nowhere. Default 10,000. Bounded, so that made-up hosts cannot fill the memory. */
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly maxUnknown?: number;

  /** Milliseconds that a key is remembered as leading nowhere. Default 5,000. */
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly unknownTtl?: number;
}

/**
 * The options of `TenancyModule.forRoot()`. All may be left out: then tenants and the central database are SQLite files
 * under `./.tenancy`, and tenants are found by `<slug>.localhost` and by their domains.
 */
export class TenancyOptions {
  /** {@link CentralOptions} */
  @IsOptional()
  @IsObject()
  readonly central?: CentralOptions;

  /** {@link TenantsOptions} */
  @IsOptional()
  @IsObject()
  readonly tenants?: TenantsOptions;

  /**
   * How a request names its tenant: identifiers, tried in order, the first that finds a tenant wins; token claims go
   * first whatever their place. Default `[bySubdomain({ of: 'localhost' }), byDomain()]`.
   */
  @IsOptional()
  @IsArray()
  readonly identify?: readonly Identifier[];

  /** {@link HttpOptions} */
  @IsOptional()
  @IsObject()
  readonly http?: HttpOptions;

  /** {@link RegistryOptions} */
  @IsOptional()
  @IsObject()
  readonly registry?: RegistryOptions;
}

/** Types a configuration without changing it. The app and the command line read the same file. */
export function defineTenancyConfig(options: TenancyOptions): TenancyOptions {
  return options;
}
