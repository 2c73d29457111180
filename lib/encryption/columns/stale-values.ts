import type { DataSource } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { requireTenant } from '../../context/tenant-context.js';
import type { ValueCipher, ValueColumn } from './value-cipher.js';

/** What is to be encrypted anew: the values of one column, so many at a time. */
export interface Renewal {
  readonly metadata: ColumnMetadata;
  readonly column: ValueColumn;
  readonly batch: number;
  /** Whether values in plain are encrypted, too. */
  readonly plain: boolean;
}

/**
 * Encrypts some values of the tenant in context anew that are not as they would be encrypted now.
 * @returns how many there were
 * @throws EncryptedValueUnreadableError
 */
export async function renewStale(
  tenants: DataSource,
  cipher: ValueCipher,
  { metadata, column, batch, plain }: Renewal,
): Promise<number> {
  const tenant = requireTenant('EncryptedColumns.reencrypt()');
  const { driver } = tenants;
  const { tablePath, primaryColumns } = metadata.entityMetadata;
  const table = tablePath
    .split('.')
    .map((part) => driver.escape(part))
    .join('.');
  const name = driver.escape(metadata.databaseName);
  const keys = primaryColumns.map(({ databaseName }) => databaseName);
  const escapedKeys = keys.map((key) => driver.escape(key));
  // Under another key, or, where it is to be searchable by now, without a blind index.
  const stale = column.searchable ? `${name} NOT LIKE ? OR ${name} LIKE ?` : `${name} NOT LIKE ?`;
  const prefixes = [
    cipher.currentPrefix(tenant),
    ...(column.searchable ? [cipher.currentBlindless(tenant)] : []),
  ];
  const rows: readonly Readonly<Record<string, unknown>>[] = await tenants.query(
    `SELECT ${[...escapedKeys, name].join(', ')} FROM ${table} ` +
      `WHERE ${name} IS NOT NULL AND (${stale}) LIMIT ${batch}`,
    prefixes.map((prefix) => `${prefix}%`),
  );
  // Only where nobody has written another value since.
  const where = [...escapedKeys, name].map((one) => `${one} = ?`).join(' AND ');
  for (const row of rows) {
    const stored = String(row[metadata.databaseName]);
    const text =
      plain && !cipher.isEncrypted(stored) ? stored : cipher.decrypt(stored, tenant, column);
    await tenants.query(`UPDATE ${table} SET ${name} = ? WHERE ${where}`, [
      cipher.encrypt(text, tenant, column),
      ...keys.map((key) => row[key]),
      stored,
    ]);
  }
  return rows.length;
}
