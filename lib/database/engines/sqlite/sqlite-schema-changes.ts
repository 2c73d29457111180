import type { QueryRunner } from 'typeorm';
import type { SchemaChanges } from '../engine.js';
import type { SqliteAdministration } from './sqlite-administration.js';
import { sqliteSchemaCopies } from './sqlite-schema-copies.js';

/** SQLite takes DDL into the transaction, and back with it. */
export class SqliteSchemaChanges implements SchemaChanges {
  readonly commitByThemselves = false;
  readonly copies = sqliteSchemaCopies;

  constructor(private readonly administration: SqliteAdministration) {}

  /** Statements of SQLite end with the process, so a lock of the process will do. */
  withLock<T>(
    _queryRunner: QueryRunner,
    name: string,
    timeout: number,
    work: () => Promise<T>,
  ): Promise<T> {
    return this.administration.withLock(name, timeout, work);
  }

  isInEffect(error: unknown): boolean {
    return (
      typeof error === 'object' &&
      error !== null &&
      'message' in error &&
      IN_EFFECT.test(String(error.message))
    );
  }
}

/** SQLite has one code for all of them. */
const IN_EFFECT = /already exists|duplicate column name|no such (table|column|index|view|trigger)/;
