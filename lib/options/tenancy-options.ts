import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Min,
} from 'class-validator';
import type { AuditOptions } from './audit-options.js';
import type { ApiKeyOptions } from './api-key-options.js';
import type { CentralOptions } from './central-options.js';
import type { Identifier, RouteMode } from './identifier.js';
import type { QuotaOptions } from './quota-options.js';
import type { RedisOptions } from './redis-options.js';
import type { TenantsOptions } from './tenants-options.js';

export * from './audit-options.js';
export * from './api-key-options.js';
export * from './central-options.js';
export * from './quota-options.js';
export * from './redis-options.js';
export * from './server-options.js';
export * from './tenants-options.js';
export type { TypeOrmPassThrough } from './typeorm-pass-through.js';

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

/** What holds for the connections to all servers. */
export class PoolOptions {
  /**
   * How many processes of the app run at once, on all machines: their connections together must fit into what each
   * server allows, which is verified at the start. Default 1. Environment: `TENANCY_PROCESSES`.
   */
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly processes?: number;

  /** Milliseconds after which a lease that is still held is reported, with the stack that took it. Default 30,000. */
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly longLease?: number;

  /**
   * Milliseconds to wait for connections in use, when the app shuts down and when a tenant's database is dropped.
   * Default 10,000.
   */
  @IsOptional()
  @IsInt()
  @Min(0)
  readonly drainTimeout?: number;
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

  /** {@link PoolOptions} */
  @IsOptional()
  @IsObject()
  readonly pool?: PoolOptions;

  /**
   * How a request names its tenant: identifiers, tried in order, the first that finds a tenant wins; token claims
   * and API keys go first whatever their place. Default `[bySubdomain({ of: 'localhost' }), byDomain()]`.
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

  /** {@link RedisOptions}. Default: no Redis, and each process learns of the others' changes when `registry.ttl` is over. */
  @IsOptional()
  @IsObject()
  readonly redis?: RedisOptions;

  /** {@link QuotaOptions} */
  @IsOptional()
  @IsObject()
  readonly quota?: QuotaOptions;

  /** {@link AuditOptions} */
  @IsOptional()
  @IsObject()
  readonly audit?: AuditOptions;
  /** {@link ApiKeyOptions} */
  @IsOptional()
  @IsObject()
  readonly apiKeys?: ApiKeyOptions;
}

/** Types a configuration without changing it. The app and the command line read the same file. */
export function defineTenancyConfig(options: TenancyOptions): TenancyOptions {
  return options;
}
