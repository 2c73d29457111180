import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ConnectionPoolManager } from '../database/connection-pool-manager.js';
import { CENTRAL_DATA_SOURCE } from '../tenant/tokens.js';
import { CentralMigrationError } from './errors.js';
import { FleetRun } from './fleet-run.js';
import { KnownMigrations, type Difference } from './known-migrations.js';
import { migrateCentral, pendingCentral } from './migrate-central.js';
import { checkMigrationOptions } from './migration-options-check.js';
import type {
  MigrateOptions,
  MigrationRunOptions,
  MigrationStatusOptions,
  RollbackOptions,
} from './migration-options.js';
import { MigrationPlanner } from './migration-planner.js';
import type {
  MigrationReport,
  MigrationStatus,
  TenantMigrationStatus,
} from './migration-report.js';
import { OneTenantMigrator, type OneTenantOptions } from './one-tenant-migrator.js';
import { SchemaStore } from './schema-store.js';
import { SchemaVerdicts } from './schema-verdicts.js';
import { TenantListing, type ListedTenant } from './tenant-listing.js';

/** Milliseconds that a run waits for another that is at work on the same tenant. */
const LOCK_TIMEOUT = 60_000;
const WORKERS = 4;

/**
 * Migrations of all tenants: the central database first, then the tenants, several at once. A tenant that has nothing to do
 * is not opened. What a run did not get done is pending, so the next run does it.
 */
@Injectable()
export class TenantMigrator {
  constructor(
    @Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource,
    private readonly pools: ConnectionPoolManager,
    private readonly listing: TenantListing,
    private readonly verdicts: SchemaVerdicts,
    private readonly known: KnownMigrations,
    private readonly store: SchemaStore,
    private readonly tenants: OneTenantMigrator,
    private readonly planner: MigrationPlanner,
  ) {}

  /**
   * Runs what is pending.
   * @returns what came of it; tenants that failed are in it, and do not make it throw
   * @throws MigrationOptionsError, TenantNotFoundError of `only` and `except`
   * @throws CentralMigrationError before any tenant was touched
   */
  async migrate(options: MigrateOptions = {}): Promise<MigrationReport> {
    const startedAt = performance.now();
    checkMigrationOptions(options);
    const central = options.dryRun
      ? await pendingCentral(this.central)
      : await this.migrateCentral();
    const all = await this.listing.list(options);
    const { todo, drifted } = await this.sort(all, options);
    const one = oneTenantOptions(options);
    const run = new FleetRun(
      options.dryRun ? [] : todo,
      (tenant, turn) => this.migrateOne(tenant, { ...one, turn }),
      this.fleetOptions(options),
    );
    await run.run();
    // What is half-way has no SQL that could be told of it.
    const whole = todo.filter(({ isHalfWay }) => !isHalfWay);
    const plan = options.dryRun ? await this.planner.planFor(whole) : [];
    const current = all.length - todo.length;
    return report({ startedAt, central, all, current, run, drifted, plan });
  }

  /**
   * Takes back the last migrations of each tenant. The central database stays as it is.
   * @returns as {@link migrate}; a tenant whose schema is not what the code has is among those that failed
   * @throws MigrationOptionsError, TenantNotFoundError of `only` and `except`
   */
  async rollback(options: RollbackOptions = {}): Promise<MigrationReport> {
    const startedAt = performance.now();
    checkMigrationOptions(options);
    await pendingCentral(this.central);
    const all = await this.listing.list(options);
    const { drifted } = await this.sort(all, options);
    const one = oneTenantOptions(options);
    const run = new FleetRun(
      all,
      (tenant, turn) => this.tenants.rollback(tenant, options.steps ?? 1, { ...one, turn }),
      this.fleetOptions(options),
    );
    await run.run();
    return report({ startedAt, central: [], all, current: 0, run, drifted, plan: [] });
  }

  /** Every tenant, and what its schema lacks or has too much. */
  async status(options: MigrationStatusOptions = {}): Promise<MigrationStatus> {
    checkMigrationOptions(options);
    const centralPending = await pendingCentral(this.central);
    if (options.verify) await this.verify(options);
    const tenants = await this.listing.list(options);
    const halfWay = await this.store.findAll(
      tenants.filter(({ isHalfWay }) => isHalfWay).map(({ id }) => id),
    );
    const states = new Map(halfWay.map((state) => [state.tenantId, state]));
    const statuses: TenantMigrationStatus[] = [];
    for (const { id, slug, fingerprint, version, failure, milliseconds, migratedAt } of tenants) {
      const state = states.get(id);
      const difference = state
        ? this.known.differenceOf(state.applied)
        : await this.differenceOf(fingerprint);
      statuses.push({
        slug,
        known: difference !== undefined,
        ...(difference ?? this.known.differenceOf([])),
        version,
        halfWay: state?.halfWay ?? null,
        failure,
        milliseconds,
        migratedAt,
      });
    }
    return {
      migrations: this.known.all.map(({ name }) => name),
      centralPending,
      tenants: statuses,
    };
  }

  private async verify(options: MigrationStatusOptions): Promise<void> {
    const all = await this.listing.list(options);
    const one = oneTenantOptions({});
    const verified = await new FleetRun(
      all,
      async (tenant) => {
        await this.tenants.verify(tenant, one);
        return [];
      },
      { ...this.fleetOptions({}), maxFailures: Infinity },
    ).run();
    const [first] = verified.failed;
    if (first !== undefined) throw first.error;
  }

  private async migrateOne(tenant: ListedTenant, options: OneTenantOptions) {
    try {
      return await this.tenants.migrate(tenant, options);
    } catch (error) {
      // What waits for a tenant to come is replaced by an app that has the new code already.
      if (tenant.isPending && !(await this.listing.has(tenant))) return [];
      throw error;
    }
  }

  /** Which tenants have something to do, as far as is known without opening any. */
  private async sort(all: readonly ListedTenant[], options: MigrateOptions) {
    const todo: ListedTenant[] = [];
    const drifted: string[] = [];
    for (const tenant of all) {
      const difference = tenant.isHalfWay ? undefined : await this.differenceOf(tenant.fingerprint);
      const { changed, unknown, pending } = difference ?? NOTHING;
      const hasDrifted = changed.length + unknown.length > 0;
      if (hasDrifted) drifted.push(tenant.slug);
      // What is half-way may be so because another run is at it: that is told from its lock.
      if (difference === undefined || pending.length > 0 || options.verify) todo.push(tenant);
      else if (options.acceptChanged && changed.length > 0) todo.push(tenant);
    }
    return { todo, drifted };
  }

  private async differenceOf(fingerprint: string | undefined): Promise<Difference | undefined> {
    return fingerprint === undefined ? undefined : this.verdicts.of(fingerprint);
  }

  private async migrateCentral(): Promise<readonly string[]> {
    try {
      return await migrateCentral(this.central, this.pools);
    } catch (cause) {
      throw new CentralMigrationError(cause);
    }
  }

  private fleetOptions(options: MigrationRunOptions) {
    const {
      workers = WORKERS,
      workersPerServer,
      canary = 0,
      maxFailures = 1,
      onProgress,
    } = options;
    // Each has one connection, and the app may need some.
    const atOnce = (server: string) =>
      Math.min(
        workersPerServer ?? Math.max(1, Math.floor(this.pools.maxConnections(server) / 2)),
        this.pools.maxConnections(server),
      );
    return { workers, canary, maxFailures, onProgress, atOnce, resume: options.resume ?? false };
  }
}

const NOTHING: Difference = { pending: [], changed: [], unknown: [] };

function oneTenantOptions(options: MigrateOptions): OneTenantOptions {
  const { lockTimeout = LOCK_TIMEOUT, resume, begun, acceptChanged } = options;
  return { lockTimeout, resume, begun, acceptChanged };
}

function report(parts: {
  readonly startedAt: number;
  readonly central: readonly string[];
  readonly all: readonly ListedTenant[];
  /** Of those that were not opened. */
  readonly current: number;
  readonly run: FleetRun;
  readonly drifted: readonly string[];
  readonly plan: MigrationReport['plan'];
}): MigrationReport {
  const { startedAt, central, all, current, run, drifted, plan } = parts;
  const { failed, halfWay, migrated, notBegun } = run;
  return {
    ok: failed.length + halfWay.length + notBegun.length === 0,
    central,
    tenants: all.length,
    current: current + run.current,
    migrated,
    failed,
    halfWay,
    notBegun,
    drifted,
    plan,
    milliseconds: Math.round(performance.now() - startedAt),
  };
}
