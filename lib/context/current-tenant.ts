import type { Account } from '../options/account.js';

/** Where a tenant's data lives, and on what terms it is reached. */
export interface Placement {
  /** The name of a server of `tenants.servers`. */
  readonly server: string;
  /** The name of the tenant's database on that server; for SQLite, of the file without its ending. */
  readonly database: string;
  /** Who logs in for it. Default: the account of the server's URL. */
  readonly account?: Account;
  /** What it may have of the server's connections. */
  readonly share?: ConnectionShare;
}

/** A tenant's part of the connections to its server, in each process. */
export interface ConnectionShare {
  /** Connections that it may have at once. Default: the server's `maxConnectionsPerTenant`. */
  readonly max?: number;
  /** Connections that no other tenant is given while this one has fewer. Default 0. */
  readonly reserved?: number;
}

/**
 * What a tenant may be in. The transitions allowed between them are in `tenant/tenant-status.ts`. `pending` is none yet: its
 * database is kept ready for whoever comes next.
 */
export type TenantStatus =
  'pending' | 'provisioning' | 'active' | 'suspended' | 'blocked' | 'failed' | 'deleted';

/** What an app keeps about a tenant in the central database: any JSON object. */
export type TenantSettings = Readonly<Record<string, unknown>>;

/** The tenant that the running code works for: a frozen copy of its row in the central database. */
export interface CurrentTenant {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly status: TenantStatus;
  readonly placement: Placement;
  readonly settings: TenantSettings;
  /**
   * What its database's schema is at: the same for two tenants with the same migrations. Undefined while that is not
   * known, and where nobody asks (`tenants.onPendingMigrations: 'serve'`).
   */
  readonly schema?: string;
  /** Raised whenever the tenant's data is replaced as a whole, so that what was made for the data before is known as stale. */
  readonly generation: number;
}
