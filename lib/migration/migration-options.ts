import type { MigrationProgress } from './migration-report.js';

/** Which tenants, and in which order. All but those that are deleted or not finished. */
export interface TenantSelection {
  /** These alone: their slugs or ids. */
  readonly only?: readonly string[];
  /** All but these: their slugs or ids. */
  readonly except?: readonly string[];
  /** By which column of the tenants. Default `slug`. */
  readonly order?: 'slug' | 'name' | 'createdAt' | 'updatedAt' | 'server';
  /** From the last to the first. Default false. */
  readonly descending?: boolean;
}

/** What migrating and rolling back have in common. */
export interface MigrationRunOptions extends TenantSelection {
  /** Tenants whose schema is changed at once. Half as many more are being made ready or recorded. With 1, one after another. Default 4. */
  readonly workers?: number;
  /** Tenants of one server at once, each with one of its connections. Default: half of its `maxConnections`, so that the app can go on. */
  readonly workersPerServer?: number;
  /** So many tenants first: the others are begun only if all of them passed. Default 0. */
  readonly canary?: number;
  /** After so many failures no tenant is begun any more; those that are begun end. Default 1. */
  readonly maxFailures?: number;
  /** Go on with migrations that did not come to their end; without it, their tenants are left and named. Default false. */
  readonly resume?: boolean;
  /** What became of the statements that are in doubt in those that are half-way: for `only` one tenant, once looked at. */
  readonly begun?: 'done' | 'undone';
  /** Milliseconds to wait for another process that migrates the same tenant. Default 60,000. */
  readonly lockTimeout?: number;
  /** Told after every tenant. What it throws is logged. */
  readonly onProgress?: (progress: MigrationProgress) => void;
}

export interface MigrateOptions extends MigrationRunOptions {
  /** Run nothing, tell the SQL: one tenant of each schema is read for it. Default false. */
  readonly dryRun?: boolean;
  /** Read from every tenant's database what it has, instead of trusting the central one. Default false. */
  readonly verify?: boolean;
  /** Take the sources of migrations that have changed for what was applied. Default false. */
  readonly acceptChanged?: boolean;
}

export interface RollbackOptions extends MigrationRunOptions {
  /** Migrations to take back of each tenant, the last first; never this package's own. Default 1. */
  readonly steps?: number;
}

export interface MigrationStatusOptions extends TenantSelection {
  /** As of {@link MigrateOptions}. */
  readonly verify?: boolean;
}
