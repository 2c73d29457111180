import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { QueryFailedError, QueryRunnerAlreadyReleasedError } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import { BetterSqlite3QueryRunner } from 'typeorm/driver/better-sqlite3/BetterSqlite3QueryRunner.js';
import type { ReadStream } from 'typeorm/platform/PlatformTools.js';
import type { LeaseConnection } from '../engine.js';
import { errorCode } from './error-code.js';
import { SqliteLease } from './sqlite-lease.js';

/**
 * TypeORM gives all users of a SQLite DataSource one query runner, so that two transactions at once become one. This
 * one has a handle of its own from its first statement to its release.
 */
export class LeasedSqliteQueryRunner extends BetterSqlite3QueryRunner {
  private lease?: Promise<SqliteLease>;

  constructor(
    driver: BetterSqlite3Driver,
    private readonly leaseConnection: LeaseConnection,
    private readonly busyTimeout: number,
  ) {
    super(driver);
  }

  override connect(): Promise<SqliteLease> {
    return (this.lease ??= this.acquire());
  }

  override async query(
    query: string,
    parameters?: unknown[],
    useStructuredResult?: boolean,
  ): ReturnType<BetterSqlite3QueryRunner['query']> {
    const lease = await this.connect();
    await lease.admit(query);
    try {
      return await this.untilNotBusy(lease, () =>
        // A deferred transaction finds out at its first write that another process was faster, and must start over.
        super.query(query === DEFERRED ? IMMEDIATE : query, parameters, useStructuredResult),
      );
    } finally {
      lease.settle();
    }
  }

  override async stream(
    query: string,
    parameters: unknown[] = [],
    onEnd?: () => void,
    onError?: (error: Error) => void,
  ): Promise<ReadStream> {
    const lease = await this.connect();
    await lease.admit(query);
    const rows = Readable.from(lease.iterate(query, parameters));
    rows.once('error', (error) => onError?.(error));
    rows.once('close', () => onEnd?.());
    return rows as ReadStream & Readable;
  }

  override async release(): Promise<void> {
    this.isReleased = true;
    await super.release();
    // Why there is no lease was told to whoever asked for it; without one there is nothing to give back.
    const lease = await this.lease?.catch(() => undefined);
    lease?.release();
  }

  private async acquire(): Promise<SqliteLease> {
    // Nobody would give back what is leased after the release.
    if (this.isReleased) throw new QueryRunnerAlreadyReleasedError();
    const lease = await this.leaseConnection();
    if (!(lease instanceof SqliteLease)) throw new TypeError('Not a connection of this engine');
    return lease;
  }

  /** Another process writes: the statement did not run, so it may be tried again, outside of SQLite's blocking wait. */
  private async untilNotBusy<T>(lease: SqliteLease, work: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + this.busyTimeout;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isBusy(error) || lease.inTransaction || Date.now() > deadline) throw error;
        await delay(BUSY_DELAY);
      }
    }
  }
}

const DEFERRED = 'BEGIN TRANSACTION';
const IMMEDIATE = 'BEGIN IMMEDIATE';
/** Milliseconds between two tries. */
const BUSY_DELAY = 5;

function isBusy(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  return errorCode(error.driverError)?.startsWith('SQLITE_BUSY') ?? false;
}
