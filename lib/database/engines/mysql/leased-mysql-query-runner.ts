import { QueryFailedError, QueryResult, type EntitySubscriberInterface } from 'typeorm';
import type { MysqlDriver } from 'typeorm/driver/mysql/MysqlDriver.js';
import { MysqlQueryRunner } from 'typeorm/driver/mysql/MysqlQueryRunner.js';
import type { LeaseConnection } from '../engine.js';
import type { MysqlLease } from './mysql-lease.js';

type Mode = ConstructorParameters<typeof MysqlQueryRunner>[1];

/**
 * TypeORM's query runner, with fewer promises: of the 69 that a request with one `findOneBy` makes, ten are for getting a
 * connection that is there and for telling listeners that there are none. Node 20 keeps the context of each of them.
 *
 * What takes time, or has somebody to be told, goes TypeORM's own way.
 */
export class LeasedMysqlQueryRunner extends MysqlQueryRunner {
  constructor(
    driver: MysqlDriver,
    mode: Mode,
    private readonly leaseConnection: LeaseConnection,
  ) {
    super(driver, mode);
  }

  override query(
    sql: string,
    parameters?: Parameters<MysqlQueryRunner['query']>[1],
    useStructuredResult = false,
  ): ReturnType<MysqlQueryRunner['query']> {
    const lease = this.isReleased || this.isWatched ? undefined : this.leaseAtOnce();
    if (lease === undefined) return super.query(sql, parameters, useStructuredResult);
    const { logger } = this.connection;
    logger.logQuery(sql, parameters, this);
    return lease
      .promise()
      .query(sql, parameters)
      .then(
        ([raw]) => (useStructuredResult ? structured(raw) : raw),
        (error: Error) => {
          logger.logQueryError(error, sql, parameters, this);
          throw new QueryFailedError(sql, parameters, error);
        },
      );
  }

  /** A connection that is still waited for goes back when it comes: nobody else would give it back. */
  override release(): Promise<void> {
    const given =
      this.databaseConnection === undefined ? this.databaseConnectionPromise : undefined;
    // Why there is none was told to whoever asked for it.
    void given?.then(
      (late: MysqlLease) => late.release(),
      () => undefined,
    );
    return super.release();
  }

  /** Whether subscribers or the log of slow queries want to know of each query. */
  private get isWatched(): boolean {
    const { subscribers } = this.connection;
    return this.driver.options.maxQueryExecutionTime !== undefined || subscribers.some(isListener);
  }

  /** The connection, unless it is to be waited for. What refuses it, `connect` is refused with, too. */
  private leaseAtOnce(): MysqlLease | undefined {
    if (this.databaseConnection !== undefined) return this.databaseConnection as MysqlLease;
    if (this.databaseConnectionPromise !== undefined) return undefined;
    const lease = this.leaseOrPromise();
    if (lease instanceof Promise) {
      this.databaseConnectionPromise = lease.then((got) => (this.databaseConnection = got));
      return undefined;
    }
    return (this.databaseConnection = lease as MysqlLease);
  }

  private leaseOrPromise(): ReturnType<LeaseConnection> {
    try {
      return this.leaseConnection();
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

function isListener(subscriber: EntitySubscriberInterface): boolean {
  return 'beforeQuery' in subscriber || 'afterQuery' in subscriber;
}

/** As TypeORM makes it of what mysql2 gives. */
function structured(raw: unknown): QueryResult {
  const result = new QueryResult();
  result.raw = raw;
  if (Array.isArray(raw)) result.records = Array.from(raw);
  else if (isHeader(raw)) result.affected = raw.affectedRows;
  return result;
}

function isHeader(raw: unknown): raw is { readonly affectedRows: number } {
  return typeof raw === 'object' && raw !== null && 'affectedRows' in raw;
}
