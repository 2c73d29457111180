import { EventEmitter } from 'node:events';
import { createEngine } from '../../lib/database/engines/create-engine.js';
import { MysqlLease } from '../../lib/database/engines/mysql/mysql-lease.js';
import { SqliteLease } from '../../lib/database/engines/sqlite/sqlite-lease.js';
import type { Lease } from '../../lib/database/pool/pooled-connection.js';
import { ServerPool, type ServerPoolOptions } from '../../lib/database/pool/server-pool.js';
import type { PoolEvents } from '../../lib/database/pool/pool-events.js';
import type { ServerOptions } from '../../lib/options/server-options.js';
import { resolveOptions } from '../../lib/options/resolve.js';

type Row = Record<string, unknown>;

/** A pool of connections to the server or folder at `url`, as the ConnectionPoolManager makes one. */
export function poolOn(
  url: string,
  {
    longLease = 30_000,
    maxConnections = 2,
    acquireTimeout = 10_000,
    ...rest
  }: Partial<ServerPoolOptions & ServerOptions> = {},
  events = new EventEmitter<PoolEvents>(),
): ServerPool {
  const servers = { main: { url, maxConnections, acquireTimeout, ...rest } };
  // A central database elsewhere: nothing of it is used here.
  const central = { url: url.startsWith('sqlite:') ? 'sqlite:central.sqlite' : `${url}/central` };
  const [server] = resolveOptions({ central, tenants: { servers } }, {}).tenants.servers;
  return new ServerPool(createEngine(server!), { ...server!, server: 'main', longLease }, events);
}

/** Runs one statement on a leased connection of any engine. */
export async function query(lease: Lease, sql: string): Promise<readonly Row[]> {
  if (lease instanceof MysqlLease) {
    const [rows] = await lease.promise().query(sql);
    return Array.isArray(rows) ? (rows as Row[]) : [];
  }
  if (!(lease instanceof SqliteLease)) throw new TypeError('A lease of no known engine');
  const statement = lease.prepare(sql);
  if (statement.reader) return statement.all() as Row[];
  statement.run();
  return [];
}

/** Leases, runs one statement, and gives back. */
export async function queryIn(
  pool: ServerPool,
  database: string,
  sql: string,
): Promise<readonly Row[]> {
  const lease = await pool.lease({ database });
  try {
    return await query(lease, sql);
  } finally {
    lease.release();
  }
}
