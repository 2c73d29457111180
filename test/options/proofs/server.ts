import { databasesOf } from '../../support/databases.js';
import type { TenancyApp } from '../../support/tenancy-app.js';
import { until } from '../../support/until.js';
import type { AppOfEveryOption } from './app-of-every-option.js';
import { expectConnectionOption } from './connection.js';
import { CLOSED_SOON, exhaust, type Proofs } from './proof.js';
import { meetSilentServer } from './silent-server.js';

async function exhaustAcme({ registry, pools }: TenancyApp) {
  return exhaust(pools.dataSource(await registry.byReference('acme')));
}

export const SERVER_PROOFS: Proofs<AppOfEveryOption> = {
  async 'tenants.servers.main.url'({ setup }) {
    expect(await databasesOf(setup).names()).toEqual([`${setup.databasePrefix}acme`]);
  },
  async 'tenants.servers.main.maxConnections'(app) {
    expect(await app.inAcme(() => exhaust(app.tenants))).toMatchObject({ taken: 2 });
  },
  async 'tenants.servers.main.maxConnectionsPerTenant'(app) {
    expect(await exhaustAcme(await app.strict())).toMatchObject({ taken: 2 });
  },
  async 'tenants.servers.main.acquireTimeout'(app) {
    expect(await app.inAcme(() => exhaust(app.tenants))).toMatchObject({
      failure: { message: expect.stringContaining('within 62 ms') },
    });
  },
  async 'tenants.servers.main.maxWaiting'(app) {
    expect(await exhaustAcme(await app.strict())).toMatchObject({
      failure: { code: 'POOL_QUEUE_FULL', message: expect.stringContaining('"main"') },
    });
  },
  async 'tenants.servers.main.connectTimeout'(app) {
    await meetSilentServer(async (address) => {
      const main = { url: `mysql://root@${address}`, connectTimeout: 63 };
      const started = app.other({
        central: CLOSED_SOON,
        tenants: { servers: { main }, typeorm: { retryAttempts: 1 } },
      });
      await expect(started).rejects.toMatchObject({
        code: 'SERVER_UNREACHABLE',
        message: expect.stringContaining('ETIMEDOUT'),
      });
    });
  },
  async 'tenants.servers.main.idleTimeout'(app) {
    const servers = { main: { url: app.setup.serverUrl, acquireTimeout: 68, idleTimeout: 22 } };
    const other = await app.other({ tenants: { servers } });
    await exhaustAcme(other);
    const closed = () => other.pools.stats().servers[0]!.closed.idle;
    await until('what nobody uses is closed', () => closed() > 0);
  },
  async 'tenants.servers.main.connection'(app) {
    await app.inAcme(() =>
      expectConnectionOption(app.engine, app.tenants, app.heard.tenantStatements),
    );
  },
};
