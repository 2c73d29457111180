import type { DataSource } from 'typeorm';

/** An UPDATE of at most one row. */
export interface NumberChange {
  readonly table: string;
  /** The column that is asked for: a whole number from 0 to 2^53. */
  readonly column: string;
  /** What it becomes, in SQL. */
  readonly to: string;
  /** What else is set, in SQL. */
  readonly also?: string;
  readonly where: string;
  /** For the question marks of `to`, `also` and `where`, in this order. */
  readonly parameters: readonly unknown[];
}

/**
 * Changes a number, and gives what it is afterwards; undefined when no row is as `where` says. One statement, so that
 * nobody comes in between, and one round trip: MySQL and MariaDB have no `UPDATE … RETURNING`, but send back what
 * `LAST_INSERT_ID(…)` was given.
 * @param on the DataSource, or the entity manager of a transaction
 */
export async function changeNumber(
  on: Pick<DataSource, 'query'>,
  type: DataSource['options']['type'],
  { table, column, to, also, where, parameters }: NumberChange,
): Promise<number | undefined> {
  const more = also === undefined ? '' : `, ${also}`;
  const given = [...parameters];
  if (type === 'mysql' || type === 'mariadb') {
    const { affectedRows, insertId } = await on.query<{ affectedRows: number; insertId: number }>(
      `UPDATE ${table} SET ${column} = LAST_INSERT_ID(${to})${more} WHERE ${where}`,
      given,
    );
    return affectedRows === 0 ? undefined : insertId;
  }
  const rows = await on.query<readonly { value: number }[]>(
    `UPDATE ${table} SET ${column} = ${to}${more} WHERE ${where} RETURNING ${column} AS value`,
    given,
  );
  return rows[0]?.value;
}
