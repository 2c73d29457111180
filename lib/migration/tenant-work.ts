import type { QueryRunner } from 'typeorm';
import type { CurrentTenant } from '../context/current-tenant.js';
import type { SchemaChanges } from '../database/engines/engine.js';
import { describe } from '../tenant/errors.js';
import type { HalfWay } from '../tenant/tenant-schema.entity.js';
import { TenantHalfWayError, TenantMigrationError } from './errors.js';
import type { KnownMigration, KnownMigrations } from './known-migrations.js';
import type { MigrationLedger } from './migration-ledger.js';
import type { OneTenantOptions } from './one-tenant-migrator.js';
import type { SchemaRecord } from './schema-record.js';
import type { SchemaStore } from './schema-store.js';
import { canBeTried } from './statement.js';
import { StatementTrail } from './statement-trail.js';

interface Session {
  readonly tenant: Pick<CurrentTenant, 'id' | 'slug'>;
  readonly options: OneTenantOptions;
  readonly changes: SchemaChanges;
  /** Holds the lock of the tenant's migrations. */
  readonly queryRunner: QueryRunner;
  readonly ledger: MigrationLedger;
  readonly record: SchemaRecord;
  readonly known: KnownMigrations;
  readonly store: SchemaStore;
}

const NOTHING: Pick<HalfWay, 'done' | 'begun'> = { done: [], begun: [] };

/** What is done to one tenant while its lock is held: migrations up and down, each recorded. */
export class TenantWork {
  private readonly ran: string[] = [];
  private readonly startedAt = performance.now();
  private prepared = false;

  constructor(private readonly session: Session) {}

  get record(): SchemaRecord {
    return this.session.record;
  }

  /**
   * @returns which way it went, undefined where nothing was half-way
   * @throws TenantHalfWayError where nobody said to go on, or nobody knows from where
   */
  async finishHalfWay(): Promise<HalfWay['direction'] | undefined> {
    const { record, known, options, tenant } = this.session;
    const { halfWay } = record;
    if (halfWay === null) return undefined;
    const migration = known.find(halfWay.migration);
    const { done, begun } = decided(halfWay, options.begun);
    if (!options.resume || migration === undefined || !canBeTried(begun)) {
      throw new TenantHalfWayError(tenant.slug, halfWay);
    }
    await this.perform(migration, halfWay.direction, { done, begun });
    return halfWay.direction;
  }

  /** @param changed called when the schema is changed, where what remains is to record it */
  async up(migration: KnownMigration, changed?: () => void): Promise<void> {
    await this.perform(migration, 'up', undefined, changed);
  }

  async down(migration: KnownMigration): Promise<void> {
    await this.perform(migration, 'down');
  }

  /** Records what has come of it. Gives the names of what ran. */
  async end(): Promise<readonly string[]> {
    const { record, store, tenant } = this.session;
    const { applied, halfWay } = record;
    if (this.ran.length > 0) {
      const milliseconds = Math.round(performance.now() - this.startedAt);
      const times = { milliseconds, migratedAt: new Date() };
      await store.write(tenant.id, { applied, halfWay, failure: null }, times);
    } else if (record.unsaved || record.failure !== null) {
      // A tenant that is half-way has not got over its failure.
      const failure = halfWay === null ? null : record.failure;
      await store.write(tenant.id, { applied, halfWay, failure });
    }
    return this.ran;
  }

  private async perform(
    migration: KnownMigration,
    direction: HalfWay['direction'],
    before?: Pick<HalfWay, 'done' | 'begun'>,
    changed?: () => void,
  ): Promise<void> {
    const { queryRunner, ledger, record } = this.session;
    const { instance, name } = migration;
    const inTransaction = (instance as { readonly transaction?: boolean }).transaction ?? true;
    const trail = this.trailOf(name, direction, before, inTransaction);
    const startedAt = performance.now();
    try {
      if (!this.prepared) await ledger.prepare();
      this.prepared = true;
      await queryRunner.beforeMigration();
      const run = async () => {
        if (inTransaction) await queryRunner.startTransaction();
        await instance[direction](queryRunner);
      };
      const note = async () => {
        await (direction === 'up' ? ledger.add(migration) : ledger.remove(migration));
        if (inTransaction) await queryRunner.commitTransaction();
      };
      if (trail === undefined) {
        await run();
        await note();
      } else {
        await this.tell({ migration: name, direction, ...trail.progress });
        await trail.watch(run, () => {
          changed?.();
          return note();
        });
      }
      await queryRunner.afterMigration();
    } catch (cause) {
      throw await this.failed(name, direction, trail, cause);
    }
    if (direction === 'up') record.add(migration, Math.round(performance.now() - startedAt));
    else record.remove(name);
    this.ran.push(name);
  }

  /** Undefined where the transaction takes everything back, or the database is dropped when it fails. */
  private trailOf(
    migration: string,
    direction: HalfWay['direction'],
    before: Pick<HalfWay, 'done' | 'begun'> | undefined,
    inTransaction: boolean,
  ): StatementTrail | undefined {
    const { changes, options, queryRunner } = this.session;
    if (options.expendable || (inTransaction && !changes.commitByThemselves)) return undefined;
    return new StatementTrail(queryRunner, changes, before, inTransaction, (progress) =>
      this.tell({ migration, direction, ...progress }),
    );
  }

  private async tell(halfWay: HalfWay): Promise<void> {
    const { record, store, tenant } = this.session;
    record.halfWay = halfWay;
    if (record.unsaved) await store.write(tenant.id, record);
    else await store.writeHalfWay(tenant.id, halfWay);
    record.unsaved = false;
  }

  private async failed(
    migration: string,
    direction: HalfWay['direction'],
    trail: StatementTrail | undefined,
    cause: unknown,
  ): Promise<unknown> {
    const { queryRunner, record, store, tenant } = this.session;
    if (await takenBack(queryRunner)) trail?.refused();
    const progress = trail?.progress ?? NOTHING;
    const isHalfWay = progress.done.length + progress.begun.length > 0;
    record.halfWay = isHalfWay ? { migration, direction, ...progress } : null;
    record.failure = describe(cause);
    const error = new TenantMigrationError(tenant.slug, migration, record.halfWay, cause);
    try {
      await store.write(tenant.id, record);
    } catch (recording) {
      return new AggregateError(
        [error, recording],
        `${error.message}, and then ${describe(recording)}`,
      );
    }
    return error;
  }
}

/** What was in doubt, after somebody has looked. */
function decided({ done, begun }: HalfWay, decision: OneTenantOptions['begun']) {
  if (decision === undefined) return { done, begun };
  return { done: decision === 'done' ? [...done, ...begun] : done, begun: [] };
}

/** True when the session lives: then its server has refused what it was asked last. False: nobody knows. */
async function takenBack(queryRunner: QueryRunner): Promise<boolean> {
  try {
    if (queryRunner.isTransactionActive) await queryRunner.rollbackTransaction();
    await queryRunner.afterMigration();
    await queryRunner.query('SELECT 1');
    return true;
  } catch {
    return false;
  }
}
