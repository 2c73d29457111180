import type { EntityMetadata, EntitySubscriberInterface, QueryRunner } from 'typeorm';
import type { CurrentTenant } from '../../context/current-tenant.js';
import type { AuditEvent } from '../audit-entry.js';
import type { Unplaced } from '../chain-writer.js';
import { AuditTransactionMissingError } from '../errors.js';
import type { Audited } from './audited-entities.js';
import { auditEventOf, type ChangeEvent, type EntityOperation } from './entity-change.js';
import { addToOutbox } from './outbox.js';

/** Where an outbox is, and to which chain it leads. */
export interface OutboxPlace {
  readonly chain: string;
  /** Undefined for the outbox of the central database. */
  readonly tenant?: CurrentTenant;
}

/** What the subscriber of a database has the rest of this room do. */
export interface EntityAuditing {
  readonly audited: Audited;
  entryOf(event: AuditEvent): Unplaced;
  placeOf(queryRunner: QueryRunner): Promise<OutboxPlace>;
  /** Entries are committed. */
  committed(place: OutboxPlace): void;
}

interface WriteEvent {
  readonly metadata: EntityMetadata;
  readonly queryRunner: QueryRunner;
}

interface TransactionEvent {
  readonly queryRunner: QueryRunner;
}

/** The entries of one call of `save`, which TypeORM tells of one by one. */
interface Batch {
  readonly entries: Unplaced[];
  readonly written: Promise<void>;
}

/**
 * Puts each change of an audited entity into the outbox of its database, by the query runner that made it: so it is
 * committed or rolled back with it, also to a savepoint.
 */
export class EntityAuditSubscriber implements EntitySubscriberInterface {
  private readonly batches = new WeakMap<QueryRunner, Batch>();
  private readonly uncommitted = new WeakMap<QueryRunner, OutboxPlace>();

  constructor(private readonly auditing: EntityAuditing) {}

  beforeInsert(event: WriteEvent): void {
    this.requireTransaction(event);
  }

  beforeUpdate(event: WriteEvent): void {
    this.requireTransaction(event);
  }

  beforeRemove(event: WriteEvent): void {
    this.requireTransaction(event);
  }

  beforeSoftRemove(event: WriteEvent): void {
    this.requireTransaction(event);
  }

  beforeRecover(event: WriteEvent): void {
    this.requireTransaction(event);
  }

  afterInsert(event: ChangeEvent & WriteEvent): Promise<void> | undefined {
    return this.changed('inserted', event);
  }

  afterUpdate(event: ChangeEvent & WriteEvent): Promise<void> | undefined {
    return this.changed('updated', event);
  }

  afterRemove(event: ChangeEvent & WriteEvent): Promise<void> | undefined {
    return this.changed('removed', event);
  }

  afterSoftRemove(event: ChangeEvent & WriteEvent): Promise<void> | undefined {
    return this.changed('soft-removed', event);
  }

  afterRecover(event: ChangeEvent & WriteEvent): Promise<void> | undefined {
    return this.changed('recovered', event);
  }

  afterTransactionCommit({ queryRunner }: TransactionEvent): void {
    // TypeORM tells of the end of a nested transaction, too, which commits nothing yet.
    if (queryRunner.isTransactionActive) return;
    const place = this.uncommitted.get(queryRunner);
    this.uncommitted.delete(queryRunner);
    if (place !== undefined) this.auditing.committed(place);
  }

  afterTransactionRollback({ queryRunner }: TransactionEvent): void {
    if (!queryRunner.isTransactionActive) this.uncommitted.delete(queryRunner);
  }

  /** Without one a killed process could leave a change that nothing tells of. */
  private requireTransaction({ metadata, queryRunner }: WriteEvent): void {
    if (queryRunner.isTransactionActive || !this.auditing.audited.has(metadata)) return;
    throw new AuditTransactionMissingError(metadata.name);
  }

  /** Not async: without a promise TypeORM does not wait for what is not audited. */
  private changed(
    operation: EntityOperation,
    event: ChangeEvent & WriteEvent,
  ): Promise<void> | undefined {
    const columns = this.auditing.audited.get(event.metadata);
    if (columns === undefined) return undefined;
    const told = auditEventOf(operation, event, columns);
    return told === undefined
      ? undefined
      : this.write(event.queryRunner, this.auditing.entryOf(told));
  }

  /** In one statement for all that is told at once. */
  private write(queryRunner: QueryRunner, entry: Unplaced): Promise<void> {
    const open = this.batches.get(queryRunner);
    if (open !== undefined) {
      open.entries.push(entry);
      return open.written;
    }
    const entries = [entry];
    const written = Promise.resolve().then(async () => {
      this.batches.delete(queryRunner);
      const place = await this.auditing.placeOf(queryRunner);
      this.uncommitted.set(queryRunner, place);
      const { chain } = place;
      await addToOutbox(
        queryRunner,
        entries.map((one) => ({ ...one, chain })),
      );
    });
    this.batches.set(queryRunner, { entries, written });
    return written;
  }
}
