import type { DataSourceOptions, Driver } from 'typeorm';
import type { Lease, PooledConnection } from '../pooled-connection.js';

/** How a borrower gets a connection: at once when one is free, else later. */
export type LeaseConnection = () => Lease | Promise<Lease>;

/** One server, or one folder of SQLite files. */
export interface ServerEngine {
  /** @throws DatabaseMissingError, ServerUnreachableError */
  open(database: string): Promise<PooledConnection>;
  /** @param lease a connection that is in no database; engines that need none do not call it */
  administer(lease: LeaseConnection): ServerAdministration;
}

/** What is done to databases as a whole. */
export interface ServerAdministration {
  /** True when a database of that name is there, whoever made it. */
  databaseExists(name: string): Promise<boolean>;
  /** @throws DatabaseExistsError when there is one of that name; it is left as it is */
  createDatabase(name: string): Promise<void>;
  /** Drops it with all that it holds. Not an error when it is gone already. */
  dropDatabase(name: string): Promise<void>;
  /** How many tables and views a database has. */
  countTables(name: string): Promise<number>;
  /**
   * Runs `work` while holding a lock that excludes every other holder of `name` on this server, in any process. It is
   * released when its holder dies.
   * @throws LockTimeoutError when another holds it for longer than `timeout` milliseconds
   */
  withLock<T>(name: string, timeout: number, work: () => Promise<T>): Promise<T>;
}

/** What TypeORM needs to know to run on the pool instead of on connections of its own. */
export interface TypeOrmBinding {
  /** The options that choose TypeORM's driver and give it something to connect to that is not a tenant. */
  readonly options: Pick<DataSourceOptions, 'type'> & Readonly<Record<string, unknown>>;
  /**
   * Makes every query runner of `driver` lease its connection through `lease`.
   * @param database the one that all leases are in; undefined when that differs from lease to lease
   */
  bind(driver: Driver, lease: LeaseConnection, database?: string): void;
}
