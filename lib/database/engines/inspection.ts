import type { ConnectionLimits } from './engine.js';

/** A server as it is, for who looks for what is wrong with a set-up. On one connection of its own, beside the pools. */
export interface ServerInspection {
  /** Undefined where there is no server: SQLite. */
  facts(): Promise<ServerFacts | undefined>;
  /** Undefined where nothing is limited. */
  connectionLimits(): Promise<ConnectionLimits | undefined>;
  databases(): Promise<readonly DatabaseFacts[]>;
  /** The tables of each of these databases; a database that is not there is left out. */
  tables(databases: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<string>>>;
  /** The rows of a table, the columns that are named. */
  rows(
    database: string,
    table: string,
    columns: readonly string[],
  ): Promise<readonly InspectedRow[]>;
  /**
   * Tries, with a database of its own that is gone afterwards, what the provisioning account has to do.
   * @param accounts it also makes accounts
   * @param inside is called while the database is there
   */
  probeProvisioning(
    prefix: string,
    accounts: boolean,
    inside?: (database: string) => Promise<void>,
  ): Promise<readonly MissingRights[]>;
  /** Tries, with tables of its own that are gone afterwards, whether the account may migrate and use a database. */
  probeDatabase(database: string): Promise<readonly MissingRights[]>;
  /** Tries whether the account may read and write in a database that {@link probeProvisioning} has made. */
  probeServing(database: string, prefix: string): Promise<readonly MissingRights[]>;
  /** Accounts whose names are of the kind that this package makes. @throws when the account may not look */
  tenantAccounts(): Promise<readonly InspectedAccount[]>;
  close(): Promise<void>;
}

export type InspectedRow = Readonly<Record<string, unknown>>;

export interface ServerFacts {
  readonly product: 'mysql' | 'mariadb';
  /** Such as 10.11.6. */
  readonly version: string;
  /** Its clock less ours, in milliseconds. */
  readonly clockSkew: number;
}

export interface DatabaseFacts {
  readonly name: string;
  /** Empty for SQLite. */
  readonly charset: string;
  readonly collation: string;
}

/** What an account may not do, and the statement that an administrator lets it do so with. */
export interface MissingRights {
  readonly rights: readonly string[];
  readonly grant: string;
}

export interface InspectedAccount {
  readonly user: string;
  /** Those that it has rights on, as the server records them. */
  readonly databases: readonly string[];
}
