import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';
import type { AuditEvent } from '../audit-entry.js';
import type { AuditedColumns } from './audited-columns.js';

/** How a row was changed. */
export type EntityOperation = 'inserted' | 'updated' | 'removed' | 'soft-removed' | 'recovered';

/** What TypeORM tells of it. */
export interface ChangeEvent {
  readonly metadata: EntityMetadata;
  /** As the app gave it: all of it, or a part. */
  readonly entity?: object;
  /** As it was read before. Undefined for what was inserted, and for what a query builder changed. */
  readonly databaseEntity?: object;
  readonly updatedColumns?: readonly ColumnMetadata[];
  readonly updatedRelations?: readonly RelationMetadata[];
}

/** What is recorded of a change; undefined when nothing of what is recorded was changed. */
export function auditEventOf(
  operation: EntityOperation,
  event: ChangeEvent,
  columns: AuditedColumns,
): AuditEvent | undefined {
  const { metadata, entity, databaseEntity } = event;
  const { name } = metadata;
  const known = databaseEntity ?? (operation === 'updated' ? undefined : entity);
  const changed = changesOf(operation, event, columns);
  if (changed === undefined) return undefined;
  return {
    action: `entity.${name.replaceAll(/[^\w-]/g, '-').slice(0, 70)}.${operation}`,
    details: { entity: name, id: known === undefined ? null : columns.idOf(known), ...changed },
  };
}

interface Changes {
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
}

function changesOf(
  operation: EntityOperation,
  event: ChangeEvent,
  columns: AuditedColumns,
): Changes | undefined {
  const { entity, databaseEntity, metadata } = event;
  if (operation === 'inserted') return { after: columns.all(entity ?? {}) };
  if (operation === 'removed') {
    const removed = databaseEntity ?? entity;
    return removed === undefined ? {} : { before: columns.all(removed) };
  }
  // Which rows a query builder changes, it does not say.
  if (databaseEntity === undefined)
    return entity === undefined ? {} : { after: columns.all(entity) };
  const { deleteDateColumn } = metadata;
  const changed = columns.recorded(
    operation === 'updated' ? updated(event) : deleteDateColumn ? [deleteDateColumn] : [],
  );
  if (changed.length === 0 && operation === 'updated') return undefined;
  return {
    before: columns.pick(databaseEntity, changed),
    after: columns.pick(entity ?? {}, changed, databaseEntity),
  };
}

function updated({ updatedColumns = [], updatedRelations = [] }: ChangeEvent): ColumnMetadata[] {
  return [...updatedColumns, ...updatedRelations.flatMap(({ joinColumns }) => joinColumns)];
}
