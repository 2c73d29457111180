import type { MysqlLease } from './mysql-lease.js';

export type Row = Readonly<Record<string, unknown>>;

/** Runs one statement; no rows for one that has none. */
export async function query(
  lease: MysqlLease,
  sql: string,
  values: unknown[] = [],
): Promise<readonly Row[]> {
  const [rows] = await lease.promise().query(sql, values);
  return Array.isArray(rows) ? (rows as Row[]) : [];
}
