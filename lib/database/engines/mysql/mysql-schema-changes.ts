import { QueryFailedError, type QueryRunner } from 'typeorm';
import { LockTimeoutError } from '../../errors.js';
import type { NamedRow, SchemaChanges } from '../engine.js';
import { isInEffect, isMissing } from './error-kinds.js';
import { lockName } from './lock-name.js';
import { mysqlSchemaCopies } from './mysql-schema-copies.js';

/** MySQL and MariaDB commit each DDL statement by itself, and do each as a whole or not at all. */
export const mysqlSchemaChanges: SchemaChanges = {
  commitByThemselves: true,
  isInEffect,
  copies: mysqlSchemaCopies,

  async withLock(queryRunner, name, timeout, work, read) {
    const lock = lockName(name);
    const rows = read && (await lockAndRead(queryRunner, lock, read));
    if (rows) return work(rows);
    const wait = timeout / 1_000;
    if (!(await isOne(queryRunner, 'SELECT GET_LOCK(?, ?) AS answer', [lock, wait]))) {
      throw new LockTimeoutError(name, timeout);
    }
    // The pool resets the session when it is given back, and that releases the lock.
    return work();
  },
};

/**
 * Both in one round trip: the parts of a UNION ALL are run in their order. It does not wait, for its table would be kept
 * from being changed meanwhile. Undefined when another holds the lock, or there is nothing to read from.
 */
async function lockAndRead(
  queryRunner: QueryRunner,
  lock: string,
  read: string,
): Promise<readonly NamedRow[] | undefined> {
  try {
    const sql = `SELECT NULL AS id, GET_LOCK(?, 0) AS name UNION ALL ${read}`;
    const [answer, ...rows] = (await queryRunner.query(sql, [lock])) as NamedRow[];
    return Number(answer.name) === 1 ? rows : undefined;
  } catch (error) {
    if (error instanceof QueryFailedError && isMissing(error.driverError)) return undefined;
    throw error;
  }
}

async function isOne(queryRunner: QueryRunner, sql: string, values: unknown[]): Promise<boolean> {
  const [row] = (await queryRunner.query(sql, values)) as { answer: unknown }[];
  return Number(row.answer) === 1;
}
