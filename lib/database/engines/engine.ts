import type { DataSourceOptions, Driver, QueryRunner } from 'typeorm';
import type { Account } from '../../options/account.js';
import type { Lease, PooledConnection, SessionTarget } from '../pool/pooled-connection.js';
import type { SchemaCopies } from './schema-copies.js';

/** How a borrower gets a connection: at once when one is free, else later. */
export type LeaseConnection = () => Lease | Promise<Lease>;

/** Where a DataSource's query runners get theirs. */
export interface LeaseSource {
  readonly lease: LeaseConnection;
  /** For those that were made to read from a replica (`createQueryRunner('slave')`), where there are some. */
  readonly leaseToRead?: LeaseConnection;
}

/** One server, or one folder of SQLite files. */
export interface ServerEngine {
  /** @throws DatabaseMissingError, ServerUnreachableError, ServerFullError, AccountRefusedError */
  open(target: SessionTarget): Promise<PooledConnection>;
  /** @param lease a connection that is in no database; engines that need none do not call it */
  administer(lease: LeaseConnection): ServerAdministration;
  readonly schemaChanges: SchemaChanges;
}

export interface NamedRow {
  /** A big one comes as text. */
  readonly id: number | string;
  readonly name: string;
}

/** How the schema of one database is changed. */
export interface SchemaChanges {
  /** True where every DDL statement commits by itself, together with what its transaction had done before. */
  readonly commitByThemselves: boolean;
  /**
   * As {@link ServerAdministration.withLock}, with the lock held by the very session of `queryRunner`: of a process that is
   * killed, the statement that still runs on the server keeps it until it has ended. The query runner is to be released
   * after `work`: on servers the lock ends with that.
   * @param work gets the rows of `read`, where they came with the lock; undefined: it has to ask itself
   * @param read a SELECT without ORDER BY of a number `id` and a text `name`, run when the lock is held
   * @throws LockTimeoutError when another holds it for longer than `timeout` milliseconds
   */
  withLock<T>(
    queryRunner: QueryRunner,
    name: string,
    timeout: number,
    work: (rows?: readonly NamedRow[]) => Promise<T>,
    read?: string,
  ): Promise<T>;
  /** Whether a DDL statement was refused because what it wants is so already. */
  isInEffect(error: unknown): boolean;
  readonly copies: SchemaCopies;
}

/** What is done to databases as a whole. */
export interface ServerAdministration {
  /** True when a database of that name is there, whoever made it. */
  databaseExists(name: string): Promise<boolean>;
  /** @throws DatabaseExistsError when there is one of that name; it is left as it is */
  createDatabase(name: string): Promise<void>;
  /** Drops it with all that it holds. Not an error when it is gone already. */
  dropDatabase(name: string): Promise<void>;
  /** Bytes that a database takes on disk. On servers as its statistics have it: deleted rows may be in it. */
  databaseSize(name: string): Promise<number>;
  /** How many tables and views a database has. */
  countTables(name: string): Promise<number>;
  /** Makes an account with the rights that serving takes, on one database alone. Not for SQLite, which has none. */
  createAccount(account: Account, database: string): Promise<void>;
  /** Not an error when it is gone already. Sessions that are logged in as it go on, and no new one begins. */
  dropAccount(user: string): Promise<void>;
  /**
   * Runs `work` while holding a lock that excludes every other holder of `name` on this server, in any process. It is
   * released when its holder dies.
   * @throws LockTimeoutError when another holds it for longer than `timeout` milliseconds
   */
  withLock<T>(name: string, timeout: number, work: () => Promise<T>): Promise<T>;
  /** What the server allows; undefined where nothing is limited. */
  connectionLimits(): Promise<ConnectionLimits | undefined>;
}

export interface ConnectionLimits {
  /** `max_connections` of the server. */
  readonly server: number;
  /** Of the account that asks: its `MAX_USER_CONNECTIONS`, else the server's. Undefined: no limit of its own. */
  readonly account?: number;
}

/** What TypeORM needs to know to run on the pool instead of on connections of its own. */
export interface TypeOrmBinding {
  /** The options that choose TypeORM's driver and give it something to connect to that is not a tenant. */
  readonly options: Pick<DataSourceOptions, 'type'> & Readonly<Record<string, unknown>>;
  /**
   * Makes every query runner of `driver` lease its connection from `source`.
   * @param database the one that all leases are in; undefined when that differs from lease to lease
   */
  bind(driver: Driver, source: LeaseSource, database?: string): void;
}
