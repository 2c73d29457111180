import type { HalfWay } from '../tenant/tenant-schema.entity.js';
import type { Difference } from './known-migrations.js';

/** How far a run has got. */
export interface MigrationProgress {
  /** Tenants that are through, without those that had nothing to do. */
  readonly done: number;
  readonly failed: number;
  /** All that have something to do. */
  readonly total: number;
  /** Tenants per second, since the run began. */
  readonly rate: number;
  /** The slug of the tenant that was last, and why it failed if it did. */
  readonly tenant: string;
  readonly error?: unknown;
}

export interface FailedTenant {
  readonly slug: string;
  readonly error: unknown;
}

/** What came of a run. It succeeded when `ok`. */
export interface MigrationReport {
  /** True when no tenant failed, is half-way or was not begun. */
  readonly ok: boolean;
  /** Migrations of the central database that ran (with `dryRun`: are pending). */
  readonly central: readonly string[];
  /** Tenants that were looked at. */
  readonly tenants: number;
  /** Of them, those that had nothing to do. */
  readonly current: number;
  /** Tenants that something ran for. */
  readonly migrated: number;
  /** In the order in which they failed. */
  readonly failed: readonly FailedTenant[];
  /** Slugs of tenants with a migration that did not come to its end, left because of no `resume`. */
  readonly halfWay: readonly string[];
  /** Slugs of tenants that were not begun, because of failures before them. */
  readonly notBegun: readonly string[];
  /** Slugs of tenants with migrations whose source has changed, or that the code does not know. */
  readonly drifted: readonly string[];
  /** With `dryRun`: what would run. */
  readonly plan: readonly PlannedMigrations[];
  readonly milliseconds: number;
}

/** What would run for all tenants that have the same schema now. */
export interface PlannedMigrations {
  /** Slugs. */
  readonly tenants: readonly string[];
  readonly migrations: readonly PlannedMigration[];
}

export interface PlannedMigration {
  readonly name: string;
  /** Undefined when they cannot be known before those in front of it have run; `unknown` says why. */
  readonly statements?: readonly string[];
  readonly unknown?: string;
}

/** The matrix: every tenant and what its schema lacks. */
export interface MigrationStatus {
  /** The names of all migrations that the code has for tenants. */
  readonly migrations: readonly string[];
  /** Migrations of the central database that are pending. */
  readonly centralPending: readonly string[];
  readonly tenants: readonly TenantMigrationStatus[];
}

export interface TenantMigrationStatus extends Difference {
  readonly slug: string;
  /** False for a tenant whose database nobody has looked into yet; `verify` does. Then all of `pending` is a guess. */
  readonly known: boolean;
  /** The last migration that it has. */
  readonly version: string | null;
  readonly halfWay: HalfWay | null;
  /** Why the last attempt failed. */
  readonly failure: string | null;
  /** How long the last run took. */
  readonly milliseconds: number | null;
  readonly migratedAt: Date | null;
}
