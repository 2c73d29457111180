import type { Account } from '../../../options/account.js';
import { DatabaseExistsError, LockTimeoutError } from '../../errors.js';
import type { ConnectionLimits, LeaseConnection, ServerAdministration } from '../engine.js';
import { isDatabaseExists } from './error-kinds.js';
import { lockName } from './lock-name.js';
import { createAccount, dropAccount } from './mysql-accounts.js';
import { MysqlLease } from './mysql-lease.js';
import { query, type Row } from './query.js';
import { quoteName } from './quote-name.js';

/** Databases, accounts and locks of a MySQL or MariaDB server. */
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

  async databaseSize(name: string): Promise<number> {
    return this.using(async (lease) => {
      // MySQL answers from a copy that may be a day old, unless the session says otherwise. MariaDB leaves such comments out.
      await query(lease, 'SET @now = 1 /*!80000 , SESSION information_schema_stats_expiry = 0 */');
      const [row] = await query(
        lease,
        `SELECT COALESCE(SUM(data_length + index_length), 0) AS bytes
         FROM information_schema.tables WHERE LOWER(table_schema) = LOWER(?)`,
        [name],
      );
      return Number(row?.bytes);
    });
  }

  async countTables(name: string): Promise<number> {
    const [row] = await this.query(
      'SELECT COUNT(*) AS amount FROM information_schema.tables WHERE LOWER(table_schema) = LOWER(?)',
      [name],
    );
    return Number(row?.amount);
  }

  async createAccount(account: Account, database: string): Promise<void> {
    await this.using((lease) => createAccount(lease, account, database));
  }

  async dropAccount(user: string): Promise<void> {
    await this.using((lease) => dropAccount(lease, user));
  }

  /** The lock lives in the session of one leased connection: the server drops it when that connection dies. */
  async withLock<T>(name: string, timeout: number, work: () => Promise<T>): Promise<T> {
    return this.using(async (lease) => {
      const [row] = await query(lease, 'SELECT GET_LOCK(?, ?) AS locked', [
        lockName(name),
        timeout / 1_000,
      ]);
      if (Number(row?.locked) !== 1) throw new LockTimeoutError(name, timeout);
      try {
        return await work();
      } finally {
        // Whoever asks next need not meet it until the pool has reset the session. One that is closed has no lock any more.
        await query(lease, 'SELECT RELEASE_LOCK(?)', [lockName(name)]).catch(() => lease.destroy());
      }
    });
  }

  /** `max_user_connections` of a session is the limit of its account. */
  async connectionLimits(): Promise<ConnectionLimits> {
    const [row] = await this.query(
      'SELECT @@max_connections AS server, @@max_user_connections AS account',
    );
    const account = Number(row?.account);
    return { server: Number(row?.server), ...(account > 0 && { account }) };
  }

  private query(sql: string, values: unknown[] = []): Promise<readonly Row[]> {
    return this.using((lease) => query(lease, sql, values));
  }

  private async using<T>(work: (lease: MysqlLease) => Promise<T>): Promise<T> {
    const lease = await this.lease();
    try {
      if (!(lease instanceof MysqlLease)) throw new TypeError('Not a connection of this engine');
      return await work(lease);
    } finally {
      lease.release();
    }
  }
}
