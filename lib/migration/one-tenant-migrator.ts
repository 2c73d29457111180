import { Injectable } from '@nestjs/common';
import type { CurrentTenant } from '../context/current-tenant.js';
import { ConnectionPoolManager } from '../database/connection-pool-manager.js';
import type { TenantSchema } from '../tenant/tenant-schema.entity.js';
import type { TenantSchemas } from '../tenant/tenant-schemas.js';
import { aloneInDatabase, type SchemaSession } from './alone-in-database.js';
import { MigrationDriftError } from './errors.js';
import type { Turn } from './fleet-run.js';
import { fingerprintOf, KnownMigrations } from './known-migrations.js';
import { MigrationLedger, selectionOf } from './migration-ledger.js';
import { SchemaRecord } from './schema-record.js';
import { SchemaStore } from './schema-store.js';
import { SchemaTemplates } from './schema-templates.js';
import { SchemaVerdicts } from './schema-verdicts.js';
import { TenantWork } from './tenant-work.js';

export type MigratedTenant = Pick<CurrentTenant, 'id' | 'slug' | 'placement'>;

/** How a run treats one tenant. */
export interface OneTenantOptions {
  /** Milliseconds to wait for another process that migrates it. */
  readonly lockTimeout: number;
  /** Go on with a migration that did not come to its end. */
  readonly resume?: boolean;
  /** What became of the statements that were in doubt, when somebody has looked. */
  readonly begun?: 'done' | 'undone';
  /** Take sources that have changed for what was applied. */
  readonly acceptChanged?: boolean;
  /** In which its schema is changed, where other tenants are at work. Default: at once. */
  readonly turn?: Turn;
  /** The database is dropped when a migration fails: nothing half-way is recorded. */
  readonly expendable?: boolean;
}

/** Milliseconds that the creation and the repair of a tenant wait for a run that is at work on it. */
const LOCK_TIMEOUT = 10_000;

/**
 * Migrates one tenant, the only way in which that is done. Under a lock that excludes every process, held by the very
 * session that the migrations run in; what is pending is read from the tenant's own database once it is held.
 */
@Injectable()
export class OneTenantMigrator implements TenantSchemas {
  constructor(
    private readonly pools: ConnectionPoolManager,
    private readonly known: KnownMigrations,
    private readonly store: SchemaStore,
    private readonly verdicts: SchemaVerdicts,
    private readonly templates: SchemaTemplates,
  ) {}

  async bringUp(tenant: MigratedTenant, expendable: boolean): Promise<void> {
    if (expendable && (await this.templates.make(tenant))) return;
    await this.migrate(tenant, { lockTimeout: LOCK_TIMEOUT, resume: true, expendable });
    if (expendable) await this.templates.learn(tenant);
  }

  async isCurrent(fingerprint: string): Promise<boolean> {
    return (await this.verdicts.of(fingerprint))?.pending.length === 0;
  }

  async isHalfWay({ id }: Pick<MigratedTenant, 'id'>): Promise<boolean> {
    const state = await this.store.find(id);
    return state !== null && state.halfWay !== null;
  }

  async repair(tenant: MigratedTenant): Promise<void> {
    if (!(await this.isHalfWay(tenant))) return;
    await this.migrate(tenant, { lockTimeout: LOCK_TIMEOUT, resume: true });
  }

  /**
   * Runs what is pending.
   * @returns the names of what it ran
   * @throws TenantMigrationError, TenantHalfWayError, LockTimeoutError
   */
  migrate(tenant: MigratedTenant, options: OneTenantOptions): Promise<readonly string[]> {
    const { turn = atOnce } = options;
    return this.alone(tenant, options, async (work) => {
      if (work.record.halfWay !== null || this.pendingOf(work).length > 0) {
        await turn(async (leave) => {
          await work.finishHalfWay();
          const pending = this.pendingOf(work);
          for (const name of pending) {
            await work.up(this.known.find(name)!, name === pending.at(-1) ? leave : undefined);
          }
        });
      }
      return work.end();
    });
  }

  /**
   * Takes back the last migrations, in the order in which they had run; never this package's own.
   * @param steps how many
   * @throws MigrationDriftError, TenantMigrationError, TenantHalfWayError, LockTimeoutError
   */
  rollback(
    tenant: MigratedTenant,
    steps: number,
    options: OneTenantOptions,
  ): Promise<readonly string[]> {
    const { turn = atOnce } = options;
    return this.alone(tenant, options, async (work) => {
      const { changed, unknown } = this.known.differenceOf(work.record.applied);
      if (changed.length + unknown.length > 0) {
        throw new MigrationDriftError(tenant.slug, changed, unknown);
      }
      await turn(() => this.takeBack(work, steps));
      return work.end();
    });
  }

  private async takeBack(work: TenantWork, steps: number): Promise<void> {
    const finished = await work.finishHalfWay();
    // The one that was half-way down is one of those that were to go.
    const more = finished === 'down' ? steps - 1 : steps;
    const last = work.record.applied
      .map(({ name }) => this.known.find(name)!)
      .filter(({ ofThisPackage }) => !ofThisPackage)
      .toReversed();
    for (const migration of last.slice(0, more)) await work.down(migration);
  }

  private pendingOf({ record }: TenantWork): readonly string[] {
    return this.known.differenceOf(record.applied).pending;
  }

  /** Reads from the tenant's database what it has, and records it. Runs nothing. */
  verify(
    tenant: MigratedTenant,
    options: OneTenantOptions,
  ): Promise<Pick<TenantSchema, 'applied' | 'halfWay' | 'fingerprint'>> {
    return this.alone(tenant, options, async (work) => {
      await work.end();
      const { applied, halfWay } = work.record;
      return { applied, halfWay, fingerprint: fingerprintOf(applied) };
    });
  }

  private alone<T>(
    tenant: MigratedTenant,
    options: OneTenantOptions,
    work: (work: TenantWork) => Promise<T>,
  ): Promise<T> {
    const { lockTimeout, acceptChanged, expendable: isNew = false } = options;
    const begin = async ({ dataSource, queryRunner, changes, rows }: SchemaSession) => {
      const ledger = new MigrationLedger(dataSource, queryRunner);
      const [executed, state] = await Promise.all([
        rows === undefined ? ledger.executed(isNew) : ledger.given(rows),
        this.store.find(tenant.id),
      ]);
      const { known, store } = this;
      const record = new SchemaRecord(state, executed, known, acceptChanged);
      return work(
        new TenantWork({ known, store, tenant, options, changes, queryRunner, ledger, record }),
      );
    };
    const read = isNew ? undefined : selectionOf;
    return aloneInDatabase(this.pools, tenant, lockTimeout, begin, read);
  }
}

const atOnce: Turn = (work) => work(() => {});
