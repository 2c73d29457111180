import type { RunningServer } from '../../test/support/servers/index.js';
import { createSharedDatabases, createTenantDatabases } from '../app/databases.js';
import { registerTenants } from '../app/register-tenants.js';

/** Makes the central database and those of `tenants` tenants, all on one server, and registers the tenants on `main`. */
export async function layOut({ url }: RunningServer, tenants: number): Promise<void> {
  await createSharedDatabases(url, 0);
  await createTenantDatabases(url, tenants);
  await registerTenants({ url, maxConnections: 4 }, tenants);
}
