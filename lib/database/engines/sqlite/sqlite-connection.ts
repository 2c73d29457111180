import type BetterSqlite3 from 'better-sqlite3';
import { statSync } from 'node:fs';
import type { PooledConnection, SessionTarget } from '../../pool/pooled-connection.js';
import type { FileWriteLock } from './file-write-lock.js';
import { SqliteLease } from './sqlite-lease.js';

/** An open file and the lock of its writers. */
export interface SqliteHandle {
  readonly file: string;
  /** Of the file as it was opened. */
  readonly inode: number;
  readonly sqlite: BetterSqlite3.Database;
  readonly writeLock: FileWriteLock;
  close(): void;
}

/** One handle on one tenant's file. To turn it to another tenant is to close it and to open that one's file. */
export class SqliteConnection implements PooledConnection<SqliteLease> {
  soiled = false;
  /** A file is never a replica. */
  readonly demoted = false;
  private unusable = false;

  constructor(
    private handle: SqliteHandle,
    private readonly openHandle: (database: string) => SqliteHandle,
    private readonly acquireTimeout: number,
  ) {}

  /**
   * Also when the file was deleted or replaced by another process: the handle would go on with the old one, and lose
   * what is written. Asking costs 2 µs.
   */
  get broken(): boolean {
    const { file, inode } = this.handle;
    return this.unusable || statSync(file, { throwIfNoEntry: false })?.ino !== inode;
  }

  lend(giveBack: () => void): SqliteLease {
    return new SqliteLease(this.handle, this.acquireTimeout, ({ soiled, unusable }) => {
      this.soiled ||= soiled;
      this.unusable ||= unusable;
      giveBack();
    });
  }

  async turn({ database }: SessionTarget): Promise<void> {
    const opened = this.openHandle(database);
    this.handle.close();
    this.handle = opened;
    this.soiled = false;
  }

  /** What runs on a file runs at once: there is never a query to fail. */
  cut(): void {
    this.unusable = true;
    this.handle.close();
  }

  async close(): Promise<void> {
    this.cut();
  }
}
