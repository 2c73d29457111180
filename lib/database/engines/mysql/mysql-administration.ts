import { createHash } from 'node:crypto';
import { DatabaseExistsError, LockTimeoutError } from '../../errors.js';
import type { LeaseConnection, ServerAdministration } from '../engine.js';
import { MysqlLease } from './mysql-lease.js';
import { quoteName } from './quote-name.js';

type Row = Readonly<Record<string, unknown>>;

/** Databases and locks of a MySQL or MariaDB server. */
export class MysqlAdministration implements ServerAdministration {
  constructor(
    private readonly server: string,
    private readonly lease: LeaseConnection,
  ) {}

  async databaseExists(name: string): Promise<boolean> {
    const found = await this.query(
      'SELECT 1 FROM information_schema.schemata WHERE LOWER(schema_name) = LOWER(?)',
      [name],
    );
    return found.length > 0;
  }

  async createDatabase(name: string): Promise<void> {
    try {
      await this.query(`CREATE DATABASE ${quoteName(name)} CHARACTER SET utf8mb4`);
    } catch (error) {
      if (isDatabaseExists(error)) throw new DatabaseExistsError(this.server, name);
      throw error;
    }
  }

  async dropDatabase(name: string): Promise<void> {
    await this.query(`DROP DATABASE IF EXISTS ${quoteName(name)}`);
  }

  async countTables(name: string): Promise<number> {
    const [row] = await this.query(
      'SELECT COUNT(*) AS amount FROM information_schema.tables WHERE LOWER(table_schema) = LOWER(?)',
      [name],
    );
    return Number(row?.amount);
  }

  /** The lock lives in the session of one leased connection: the server drops it when that connection dies. */
  async withLock<T>(name: string, timeout: number, work: () => Promise<T>): Promise<T> {
    const lease = await this.acquire();
    try {
      const [row] = await query(lease, 'SELECT GET_LOCK(?, ?) AS locked', [
        lockName(name),
        timeout / 1_000,
      ]);
      if (Number(row?.locked) !== 1) throw new LockTimeoutError(name, timeout);
      return await work();
    } finally {
      // The pool resets the session before anybody else has it, and that releases the lock.
      lease.release();
    }
  }

  private async query(sql: string, values: unknown[] = []): Promise<readonly Row[]> {
    const lease = await this.acquire();
    try {
      return await query(lease, sql, values);
    } finally {
      lease.release();
    }
  }

  private async acquire(): Promise<MysqlLease> {
    const lease = await this.lease();
    if (!(lease instanceof MysqlLease)) throw new TypeError('Not a connection of this engine');
    return lease;
  }
}

/** MySQL refuses names of locks over 64 characters. */
function lockName(name: string): string {
  return name.length <= 64 ? name : createHash('sha256').update(name).digest('hex');
}

async function query(lease: MysqlLease, sql: string, values: unknown[]): Promise<readonly Row[]> {
  const [rows] = await lease.promise().query(sql, values);
  return Array.isArray(rows) ? (rows as Row[]) : [];
}

function isDatabaseExists(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && error.errno === 1007;
}
