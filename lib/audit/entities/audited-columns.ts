import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { isEncrypted } from '../../database/encrypted-column.js';
import { AuditedEntityError } from '../errors.js';
import { REDACTED, type Redaction } from '../redaction.js';
import type { AuditedOptions } from './audited.decorator.js';

/** By property, such as `total` or `address.street`. */
export type Values = Readonly<Record<string, unknown>>;

/** What of an entity's columns is recorded, without their secrets. */
export class AuditedColumns {
  private readonly columns: readonly ColumnMetadata[];
  private readonly hidden: ReadonlySet<ColumnMetadata>;

  /** @throws AuditedEntityError */
  constructor(
    private readonly metadata: EntityMetadata,
    { redact = [], except = [] }: AuditedOptions,
    private readonly redaction: Redaction,
  ) {
    const known = new Set(metadata.columns.map(({ propertyPath }) => propertyPath));
    const unknown = [...redact, ...except].filter((property) => !known.has(property));
    if (unknown.length > 0) throw new AuditedEntityError(metadata.name, unknown);
    this.columns = metadata.columns.filter(
      ({ propertyPath, isVirtualProperty }) => !isVirtualProperty && !except.includes(propertyPath),
    );
    const hidden = this.columns.filter(
      (column) => !column.isSelect || isEncrypted(column) || redact.includes(column.propertyPath),
    );
    this.hidden = new Set(hidden);
  }

  /** All that an entity holds. */
  all(entity: object): Values {
    return this.pick(entity, this.columns);
  }

  /**
   * Some of what an entity holds.
   * @param stored its row, where the entity may be a part of it: another column may say that a value is a secret
   */
  pick(entity: object, wanted: readonly ColumnMetadata[], stored: object = {}): Values {
    const fields = this.columns.map((column) => {
      return [column.propertyPath, valueOf(column, entity) ?? valueOf(column, stored)] as const;
    });
    const isSecret = this.redaction.secretsIn(fields);
    const kept = this.columns.filter((column) => wanted.includes(column));
    return Object.fromEntries(
      kept.map((column) => {
        const { propertyPath, databaseName } = column;
        const value = valueOf(column, entity);
        const secret = this.hidden.has(column) || isSecret(propertyPath) || isSecret(databaseName);
        return [propertyPath, secret && value !== null && value !== undefined ? REDACTED : value];
      }),
    );
  }

  /** Its primary key: the value, or by property where it has several; null where it is not known. */
  idOf(entity: object): unknown {
    const { primaryColumns } = this.metadata;
    const id = this.pick(entity, primaryColumns);
    const values = Object.values(id);
    if (values.every((value) => value === undefined)) return null;
    return primaryColumns.length === 1 ? values[0] : id;
  }

  /** Those of `columns` that are recorded. */
  recorded(columns: readonly ColumnMetadata[]): readonly ColumnMetadata[] {
    return this.columns.filter((column) => columns.includes(column));
  }
}

function valueOf(column: ColumnMetadata, entity: object): unknown {
  const { relationMetadata, referencedColumn } = column;
  if (!relationMetadata?.isLazy) return plain(column.getEntityValue(entity));
  // What TypeORM does would load the relation.
  const related: unknown = relationMetadata.getEntityValue(entity);
  const isEntity = typeof related === 'object' && related !== null;
  return isEntity ? referencedColumn?.getEntityValue(related) : related;
}

/** The database works out what is given as SQL. */
function plain(value: unknown): unknown {
  return typeof value === 'function' ? '[computed]' : value;
}
