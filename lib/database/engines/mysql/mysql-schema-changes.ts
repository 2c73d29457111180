import type { QueryRunner } from 'typeorm';
import { LockTimeoutError } from '../../errors.js';
import type { SchemaChanges } from '../engine.js';
import { isInEffect } from './error-kinds.js';
import { lockName } from './lock-name.js';
import { mysqlSchemaCopies } from './mysql-schema-copies.js';

/** MySQL and MariaDB commit each DDL statement by itself, and do each as a whole or not at all. */
export const mysqlSchemaChanges: SchemaChanges = {
  commitByThemselves: true,
  isInEffect,
  copies: mysqlSchemaCopies,

  async withLock(queryRunner, name, timeout, work) {
    const lock = lockName(name);
    const wait = timeout / 1_000;
    if (!(await isOne(queryRunner, 'SELECT GET_LOCK(?, ?) AS answer', [lock, wait]))) {
      throw new LockTimeoutError(name, timeout);
    }
    // The pool resets the session when it is given back, and that releases the lock.
    return work();
  },
};

async function isOne(queryRunner: QueryRunner, sql: string, values: unknown[]): Promise<boolean> {
  const [row] = (await queryRunner.query(sql, values)) as { answer: unknown }[];
  return Number(row.answer) === 1;
}
