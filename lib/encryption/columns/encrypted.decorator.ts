import { Column, type ColumnOptions } from 'typeorm';
import { ENCRYPTED_COLUMN, isEncrypted } from '../../database/encrypted-column.js';
import { EncryptedColumnError } from '../errors.js';
import { Plaintext } from './plaintext.js';

export interface EncryptedOptions extends Pick<
  ColumnOptions,
  'type' | 'name' | 'length' | 'nullable' | 'select' | 'comment'
> {
  /**
   * Whether values are found by `EncryptedColumns.matching()`; as a function, what makes two of them the same, such as
   * `(email) => email.toLowerCase()`. Whoever reads the database sees then which rows have the same value. Default false.
   */
  readonly searchable?: boolean | ((value: string) => string);
  /**
   * What values are bound to beside their tenant, so that one that is copied elsewhere is not read there. Name it when the
   * table or the column is renamed, as it was before. Default `<table>.<column>`.
   */
  readonly boundTo?: string;
}

/** What `@Encrypted()` says of a property. */
export type EncryptedTerms = Pick<EncryptedOptions, 'searchable' | 'boundTo'>;

interface Transformer {
  to(value: unknown): unknown;
  from(value: unknown): unknown;
  readonly [ENCRYPTED_COLUMN]: EncryptedTerms;
}

/** The types of columns that have room for what a text becomes. */
const TEXTS: readonly unknown[] = ['text', 'mediumtext', 'longtext', 'varchar', String];

/**
 * A column of a tenant's entity that is encrypted in the database, and plain in the entity: in place of `@Column()`. For
 * texts; of type `text` by default. What is stored is a third longer than the text, and 90 characters.
 *
 * ```ts
 * @Encrypted()
 * iban!: string;
 * ```
 */
export function Encrypted(options: EncryptedOptions = {}): PropertyDecorator {
  const { searchable = false, boundTo, ...column } = options;
  const { type = 'text' } = column;
  return (target, property) => {
    if (!TEXTS.includes(type)) {
      const name = `${target.constructor.name}.${String(property)}`;
      throw new EncryptedColumnError(
        name,
        `its type is not one of ${TEXTS.slice(0, 4).join(', ')}`,
      );
    }
    const transformer: Transformer = {
      to: (value) => hide(value, `${target.constructor.name}.${String(property)}`),
      from: (value) => value,
      [ENCRYPTED_COLUMN]: { searchable, ...(boundTo !== undefined && { boundTo }) },
    };
    Column({ ...column, type, transformer })(target, property);
  };
}

/** Undefined for a column that is not encrypted. */
export function encryptedTermsOf(column: {
  readonly transformer?: unknown;
}): EncryptedTerms | undefined {
  return isEncrypted(column) ? (column.transformer as Transformer)[ENCRYPTED_COLUMN] : undefined;
}

function hide(value: unknown, column: string): unknown {
  if (value === null || value === undefined) return value;
  if (typeof value !== 'string') throw new EncryptedColumnError(column, 'a value is not a text');
  return Plaintext.of(value);
}
