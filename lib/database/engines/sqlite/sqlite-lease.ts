import type BetterSqlite3 from 'better-sqlite3';
import { LeaseReleasedError } from '../../errors.js';
import type { Lease } from '../../pool/pooled-connection.js';
import type { SqliteHandle } from './sqlite-connection.js';

/** What a lease leaves behind for the connection to know. */
export interface LeaseReport {
  readonly soiled: boolean;
  readonly unusable: boolean;
}

/**
 * A better-sqlite3 handle as a query runner sees it, for the time of one lease. Writes and transactions take the
 * file's write lock before they enter SQLite and give it back when no transaction is open any more.
 */
export class SqliteLease implements Lease {
  private writing = false;
  private soiled = false;
  private released = false;
  private readonly openStreams = new Set<IterableIterator<unknown>>();

  constructor(
    private readonly handle: SqliteHandle,
    private readonly acquireTimeout: number,
    private readonly giveBack: (report: LeaseReport) => void,
  ) {}

  get inTransaction(): boolean {
    return this.handle.sqlite.inTransaction;
  }

  prepare(sql: string): BetterSqlite3.Statement {
    this.refuseAfterRelease();
    if (!LEAVES_NOTHING.test(sql) || IN_TEMP.test(sql)) this.soiled = true;
    return this.handle.sqlite.prepare(sql);
  }

  /** What TypeORM does around migrations (`foreign_keys`): it outlives the statement, so the handle is renewed. */
  pragma(source: string, options?: BetterSqlite3.PragmaOptions): unknown {
    this.refuseAfterRelease();
    this.soiled = true;
    return this.handle.sqlite.pragma(source, options);
  }

  /** Rows one by one. The lease must be kept until the iterator ends. */
  iterate(sql: string, values: readonly unknown[]): IterableIterator<unknown> {
    const rows = this.prepare(sql).iterate(...values);
    this.openStreams.add(rows);
    return rows;
  }

  /**
   * Waits until `sql` may run.
   * @throws LockTimeoutError when another transaction of this process holds the file for longer than acquireTimeout
   */
  async admit(sql: string): Promise<void> {
    this.refuseAfterRelease();
    if (this.writing || READS.test(sql)) return;
    await this.handle.writeLock.acquire(this.acquireTimeout);
    this.writing = true;
    // The query runner may have been released while it waited, by somebody who did not wait for it.
    if (this.released) this.stopWriting();
    this.refuseAfterRelease();
  }

  /** After every statement: the write lock ends with the transaction, or with the statement that needed none. */
  settle(): void {
    if (!this.inTransaction) this.stopWriting();
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    for (const rows of this.openStreams) rows.return?.();
    if (this.inTransaction) this.handle.sqlite.exec('ROLLBACK');
    this.stopWriting();
    this.giveBack({ soiled: this.soiled, unusable: !this.handle.sqlite.open });
  }

  private stopWriting(): void {
    if (!this.writing) return;
    this.writing = false;
    this.handle.writeLock.release();
  }

  private refuseAfterRelease(): void {
    if (this.released) throw new LeaseReleasedError();
  }
}

const READS = /^\s*(?:select|explain|pragma)\b/i;
/** The rest (PRAGMA, ATTACH, temporary tables, user-defined names) may outlive its statement. */
const LEAVES_NOTHING =
  /^\s*(?:select|insert|update|delete|replace|with|explain|begin|commit|end|rollback|savepoint|release|create\s+(?:unique\s+)?(?:table|index|view|trigger)|drop|alter)\b/i;
/** `CREATE TABLE temp.t` makes a temporary table, too, which hides the real one of that name. */
const IN_TEMP = /^\s*create\b.*?\btemp\b/is;
