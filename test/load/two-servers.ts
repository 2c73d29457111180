import { createSharedDatabases, createTenantDatabases } from '../../bench/app/databases.js';
import { registerTenants } from '../../bench/app/register-tenants.js';
import type { Stream } from '../../bench/load/stream.js';
import { PoolApp } from '../../bench/pool/app-process.js';
import { Clients } from '../../bench/pool/clients.js';
import type { Keep } from '../../bench/pool/finding.js';
import { startServer, type RunningServer, type ServerKind } from '../support/servers/index.js';

const TENANTS_EACH = 10;
const CONNECTIONS_EACH = 20;

/** An app whose tenants are on two servers, with its clients. */
export interface TwoServers {
  /** Of the first ten tenants and the central database: this one is left alone. */
  readonly east: RunningServer;
  /** Of the other ten. */
  readonly west: RunningServer;
  readonly app: PoolApp;
  readonly clients: Clients;
  /** So many requests a second to the tenants of a server. */
  readonly requestsTo: (name: 'east' | 'west', perSecond: number) => Stream;
}

export async function startTwoServers(kind: ServerKind, keep: Keep): Promise<TwoServers> {
  const [east, west] = (await Promise.all([startServer(kind), startServer(kind)])).map(keep);
  await createSharedDatabases(east.url, 0);
  await createTenantDatabases(east.url, TENANTS_EACH);
  await createTenantDatabases(west.url, 2 * TENANTS_EACH, TENANTS_EACH);
  await registerTenants({ url: east.url, maxConnections: 4 }, 2 * TENANTS_EACH, (tenant) =>
    tenant < TENANTS_EACH ? 'east' : 'west',
  );
  const app = keep(
    await PoolApp.start({
      variant: 'tenancy',
      kind,
      centralUrl: east.url,
      servers: {
        east: { url: east.url, maxConnections: CONNECTIONS_EACH },
        west: { url: west.url, maxConnections: CONNECTIONS_EACH },
      },
    }),
  );
  const requestsTo = (name: 'east' | 'west', perSecond: number): Stream => ({
    name,
    port: app.port,
    line: 'GET /projects/:id',
    tenants: TENANTS_EACH,
    firstTenant: name === 'east' ? 0 : TENANTS_EACH,
    pace: { perSecond },
  });
  return { east, west, app, clients: keep(new Clients()), requestsTo };
}
