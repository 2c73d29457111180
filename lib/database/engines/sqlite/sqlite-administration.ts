import type BetterSqlite3 from 'better-sqlite3';
import { existsSync, statSync } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseExistsError, LockTimeoutError } from '../../errors.js';
import type { ServerAdministration } from '../engine.js';
import { errorCode } from './error-code.js';

/** Databases and locks of a folder of SQLite files. */
export class SqliteAdministration implements ServerAdministration {
  constructor(
    private readonly sqlite: typeof BetterSqlite3,
    private readonly server: string,
    private readonly fileOf: (database: string) => string,
  ) {}

  async databaseExists(name: string): Promise<boolean> {
    return existsSync(this.fileOf(name));
  }

  async createDatabase(name: string): Promise<void> {
    const file = this.fileOf(name);
    await mkdir(dirname(file), { recursive: true });
    try {
      // `wx` makes the file or fails: of two who create it at once, one does. An empty file is an empty database.
      await (await open(file, 'wx')).close();
    } catch (error) {
      if (errorCode(error) === 'EEXIST') throw new DatabaseExistsError(this.server, name);
      throw error;
    }
  }

  async dropDatabase(name: string): Promise<void> {
    const file = this.fileOf(name);
    await Promise.all(['', '-wal', '-shm'].map((ending) => rm(file + ending, { force: true })));
  }

  async databaseSize(name: string): Promise<number> {
    const file = this.fileOf(name);
    return sizeOf(file) + sizeOf(`${file}-wal`);
  }

  async countTables(name: string): Promise<number> {
    const database = new this.sqlite(this.fileOf(name), { fileMustExist: true });
    try {
      const [row] = database
        .prepare<[], { amount: number }>(
          "SELECT COUNT(*) AS amount FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        )
        .all();
      return row?.amount ?? 0;
    } finally {
      database.close();
    }
  }

  /** Never asked for: the options refuse an account per tenant where tenants are files. */
  async createAccount(): Promise<never> {
    throw new TypeError('SQLite has no accounts');
  }

  async dropAccount(): Promise<void> {}

  async connectionLimits(): Promise<undefined> {
    return undefined;
  }

  /** The lock is an exclusive transaction on a file of its own: the operating system ends it with its holder. */
  async withLock<T>(name: string, timeout: number, work: () => Promise<T>): Promise<T> {
    const file = this.fileOf(join(LOCKS, `${name.replaceAll(/[^\w-]/g, '-')}.lock`));
    await mkdir(dirname(file), { recursive: true });
    const lock = new this.sqlite(file, { timeout: 0 });
    try {
      await lockExclusively(lock, name, timeout);
      return await work();
    } finally {
      lock.close();
    }
  }
}

/** A file that is not there takes nothing. */
function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

async function lockExclusively(
  lock: BetterSqlite3.Database,
  name: string,
  timeout: number,
): Promise<void> {
  const deadline = Date.now() + timeout;
  for (;;) {
    try {
      lock.exec('BEGIN EXCLUSIVE');
      return;
    } catch (error) {
      if (errorCode(error) !== 'SQLITE_BUSY') throw error;
      if (Date.now() >= deadline) throw new LockTimeoutError(name, timeout);
      await delay(RETRY_DELAY);
    }
  }
}

/** The folder of the locks, apart from the databases: their files stay, because whoever waits for one has it open. */
const LOCKS = '.locks';

/** Milliseconds between two tries for the lock. */
const RETRY_DELAY = 20;
