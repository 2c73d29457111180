import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInstance,
  IsInt,
  IsObject,
  IsOptional,
  Matches,
  Min,
} from 'class-validator';
import type { DataSource } from 'typeorm';
import type { BaseDataSourceOptions } from 'typeorm/data-source/BaseDataSourceOptions.js';
import type { ConnectionShare, CurrentTenant, TenantSettings } from '../context/current-tenant.js';
import { IsList } from './is-list.js';
import type { KeyProvider } from './key-provider.js';
import type { ServerOptions } from './server-options.js';
import type { TypeOrmPassThrough } from './typeorm-pass-through.js';

/** Puts the first rows into a new tenant's database. Runs in the tenant's context; must be repeatable. */
export type TenantSeeder = (tenant: CurrentTenant, dataSource: DataSource) => Promise<void>;

/** A server that a new tenant may be placed on. */
export interface ServerCandidate {
  readonly name: string;
  /** Tenants on it that are not deleted. */
  readonly tenants: number;
  readonly weight: number;
}

/** Chooses the server of a new tenant, of those that accept tenants: gives its name. */
export type PlaceTenant = (
  servers: readonly ServerCandidate[],
  tenant: { readonly slug: string; readonly settings: TenantSettings },
) => string | Promise<string>;

/** The tenants' databases. */
export class TenantsOptions {
  /**
   * The servers that tenants are placed on, by name. A new tenant goes to the one that `place` chooses, unless its
   * creation names one.
   */
  @IsOptional()
  @IsObject()
  readonly servers?: Readonly<Record<string, ServerOptions>>;

  /** {@link PlaceTenant}. Default: the server with the fewest tenants for its `weight`. */
  @IsOptional()
  @IsInstance(Function)
  readonly place?: PlaceTenant;

  /**
   * What a tenant may have of its server's connections, by its plan say. Asked when the tenant is read from the central
   * database. Default: no reserve, and the server's `maxConnectionsPerTenant`.
   */
  @IsOptional()
  @IsInstance(Function)
  readonly share?: (tenant: CurrentTenant) => ConnectionShare;

  /**
   * `shared`: all tenants are reached by the account of the server's URL. `per-tenant`: each by an account of its own
   * with rights on its database alone, so that the server itself refuses it any other. Default `shared`. Not for SQLite.
   */
  @IsOptional()
  @IsIn(['shared', 'per-tenant'])
  readonly credentials?: 'shared' | 'per-tenant';

  /**
   * What the passwords of the tenants' accounts are encrypted with (AES-256-GCM) in the central database: keys of 32 bytes
   * in base64 (`openssl rand -base64 32`), or key providers, `MasterKeys` of `nestjs-tenancy/encryption` for one, under
   * keys of each tenant. The first encrypts, all decrypt: to change it put a new one behind it in every process, then in
   * front, and remove the old one when `TenantService.rotateCredentials()` has been through. Environment, for keys:
   * `TENANCY_CREDENTIAL_KEYS`, separated by commas.
   */
  @IsOptional()
  @IsArray()
  readonly credentialKeys?: readonly (string | KeyProvider)[];

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

  /**
   * What becomes of work for a tenant whose database lacks migrations that the code has. `refuse`: requests get 503
   * `TENANT_MIGRATION_PENDING`, and so does `tenancy.run`. `migrate`: its first use runs them and waits. `serve`: nobody
   * asks. Default `refuse`.
   */
  @IsOptional()
  @IsIn(['refuse', 'migrate', 'serve'])
  readonly onPendingMigrations?: 'refuse' | 'migrate' | 'serve';

  /**
   * Make a new tenant's database from a template of the current schema instead of running every migration in it. Learnt
   * from the first two tenants that are created with a version of the schema, and used when these turned out the same.
   * Default true.
   */
  @IsOptional()
  @IsBoolean()
  readonly template?: boolean;

  /**
   * Databases that are kept ready for tenants to come, on each server that accepts tenants: made, migrated, with their
   * accounts. A creation that names no database takes one, which is then called by chance and not after the slug, and has
   * but to seed it. Default 0.
   */
  @IsOptional()
  @IsInt()
  @Min(0)
  readonly pending?: number;

  /** {@link TenantSeeder} of new tenants. */
  @IsOptional()
  @IsInstance(Function)
  readonly seed?: TenantSeeder;

  /** {@link TypeOrmPassThrough} options of the tenant DataSource: `logging`, `namingStrategy`, `cache`, … */
  @IsOptional()
  @IsObject()
  readonly typeorm?: TypeOrmPassThrough;
}
