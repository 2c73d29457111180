import { createInspection } from '../../database/engines/create-inspection.js';
import type { ServerInspection } from '../../database/engines/inspection.js';
import type { ResolvedServer, ResolvedTenancyOptions } from '../../options/resolve.js';
import { TENANT_MIGRATIONS } from '../../migration/index.js';
import { asProvisioning } from '../doctor/connections.js';
import { tableOf } from '../doctor/migrations.js';
import { failureOf } from '../failure.js';
import type { Registered } from './registered.js';

export interface OrphanedDatabase {
  readonly kind: 'database';
  readonly server: string;
  readonly name: string;
}

export interface OrphanedAccount {
  readonly kind: 'account';
  readonly server: string;
  readonly name: string;
  /** What it has rights on. */
  readonly databases: readonly string[];
}

export interface TenantWithoutDatabase {
  readonly kind: 'tenant';
  readonly server: string;
  /** Its slug. */
  readonly name: string;
  readonly database: string;
}

export interface Orphans {
  readonly databases: readonly OrphanedDatabase[];
  readonly accounts: readonly OrphanedAccount[];
  readonly tenants: readonly TenantWithoutDatabase[];
  /** What could not be looked at, and why. */
  readonly notes: readonly string[];
}

/** Compares what is on the servers with what the central database knows of. */
export async function findOrphans(
  options: ResolvedTenancyOptions,
  registered: Registered,
): Promise<Orphans> {
  const databases: OrphanedDatabase[] = [];
  const accounts: OrphanedAccount[] = [];
  const tenants: TenantWithoutDatabase[] = [];
  const notes: string[] = [];
  for (const server of options.tenants.servers) {
    const inspection = await createInspection(asProvisioning(server) ?? server);
    try {
      const there = (await inspection.databases()).map(({ name }) => name);
      const elsewhere = await databasesOfOtherApps(inspection, there, registered, server);
      for (const name of await madeHere(inspection, there, options)) {
        const known =
          registered.hasDatabase(server.name, name) || elsewhere.has(name.toLowerCase());
        if (!known) databases.push({ kind: 'database', server: server.name, name });
      }
      tenants.push(...registered.tenantsWithout(server.name, there));
      const orphaned = new Set(databases.map(({ name }) => name.toLowerCase()));
      accounts.push(
        ...(await orphanedAccounts(
          inspection,
          server,
          there,
          orphaned,
          options,
          registered,
          notes,
        )),
      );
    } finally {
      await inspection.close();
    }
  }
  return { databases, accounts, tenants, notes };
}

/**
 * The databases that begin with this app's prefix and hold the record of this package's migrations: what somebody else
 * has made under a name like ours is not looked at further.
 */
async function madeHere(
  inspection: ServerInspection,
  there: readonly string[],
  { tenants }: ResolvedTenancyOptions,
): Promise<string[]> {
  const record = tableOf(tenants);
  const prefixed = there.filter((name) => name.toLowerCase().startsWith(tenants.databasePrefix));
  const tables = await inspection.tables(prefixed);
  const made: string[] = [];
  for (const name of prefixed) {
    if (!tables.get(name)?.has(record)) continue;
    const rows = await inspection.rows(name, record, ['name']);
    if (rows.some((row) => OURS.has(String(row.name)))) made.push(name);
  }
  return made;
}

const OURS: ReadonlySet<string> = new Set(TENANT_MIGRATIONS.map(({ name }) => name));

/** Another app on the same server, with the same prefix, has tenants there that the central database here knows nothing of. */
async function databasesOfOtherApps(
  inspection: ServerInspection,
  there: readonly string[],
  registered: Registered,
  server: ResolvedServer,
): Promise<ReadonlySet<string>> {
  const tables = await inspection.tables(there);
  const found = new Set<string>();
  for (const [name, own] of tables) {
    if (!own.has('tenancy_tenants') || registered.isCentral(server, name)) continue;
    const rows = await inspection.rows(name, 'tenancy_tenants', ['database_name']);
    for (const row of rows) found.add(String(row.database_name).toLowerCase());
  }
  return found;
}

/** Of the accounts that are named as this package names them, those of no tenant, whose databases are gone or orphans. */
async function orphanedAccounts(
  inspection: ServerInspection,
  server: ResolvedServer,
  there: readonly string[],
  orphaned: ReadonlySet<string>,
  { tenants }: ResolvedTenancyOptions,
  registered: Registered,
  notes: string[],
): Promise<OrphanedAccount[]> {
  const gone = (name: string) =>
    !there.some((other) => other.toLowerCase() === name) || orphaned.has(name);
  try {
    return (await inspection.tenantAccounts())
      .filter(
        ({ user, databases }) =>
          !registered.hasAccount(user) &&
          databases
            .map((name) => name.toLowerCase())
            .every((name) => name.startsWith(tenants.databasePrefix) && gone(name)),
      )
      .map(({ user, databases }) => ({
        kind: 'account' as const,
        server: server.name,
        name: user,
        databases,
      }));
  } catch (error) {
    const { message } = failureOf(error);
    const remedy = 'To look at accounts, it must be granted SELECT ON mysql.db.';
    notes.push(`Accounts on server "${server.name}" could not be looked at: ${message}. ${remedy}`);
    return [];
  }
}
