import type { AppOnServer } from './app-on-server.js';
import { expectConnectionOption } from './connection.js';
import { exhaust, type Proofs } from './proof.js';
import { meetSilentServer } from './silent-server.js';
import { until } from '../../support/until.js';

/** Runs one query through a query runner that was made for replicas. */
async function askReplica(app: AppOnServer, sql = 'SELECT 1'): Promise<unknown> {
  return app.inAcme(async () => {
    const queryRunner = app.tenants.createQueryRunner('slave');
    try {
      return await queryRunner.query(sql);
    } finally {
      await queryRunner.release();
    }
  });
}

export const REPLICA_PROOFS: Proofs<AppOnServer> = {
  async 'tenants.servers.main.replicas.url'(app) {
    const before = app.leases();
    await askReplica(app);
    expect(app.leases()).toEqual({ ...before, replica: before.replica + 1 });
  },
  async 'tenants.servers.main.readFromReplicas'(app) {
    const before = app.leases();
    await app.inAcme(() =>
      app.tenants.createQueryBuilder().select('1').from('cache', 'c').getRawOne(),
    );
    expect(app.leases()).toEqual({ ...before, replica: before.replica + 1 });
  },
  async 'tenants.servers.main.replicas.maxConnections'(app) {
    expect(await app.inAcme(() => exhaust(app.tenants, 'slave'))).toMatchObject({ taken: 1 });
  },
  async 'tenants.servers.main.replicas.acquireTimeout'(app) {
    expect(await app.inAcme(() => exhaust(app.tenants, 'slave'))).toMatchObject({
      failure: { message: expect.stringMatching(/"main\/replica-1" .*within 66 ms/) },
    });
  },
  async 'tenants.servers.main.replicas.maxWaiting'(app) {
    const outcomes = await app.inAcme(() =>
      Promise.allSettled(Array.from({ length: 3 }, () => exhaust(app.tenants, 'slave'))),
    );
    expect(outcomes).toContainEqual({
      status: 'fulfilled',
      value: { taken: 0, failure: expect.objectContaining({ code: 'POOL_QUEUE_FULL' }) },
    });
  },
  async 'tenants.servers.main.replicas.idleTimeout'(app) {
    await askReplica(app);
    const closed = () => app.app.pools.stats().servers[1]!.closed.idle;
    await until('what nobody uses is closed', () => closed() > 0);
  },
  async 'tenants.servers.main.replicas.connectTimeout'(app) {
    await meetSilentServer(async (address) => {
      const url = app.replicaUrl.replace(/localhost:\d+/, address);
      const other = await app.start({ replica: { url, connectTimeout: 67 } });
      const acme = await other.registry.byReference('acme');
      const queryRunner = other.pools.dataSource(acme).createQueryRunner('slave');
      // In place of the replica the server answers.
      await expect(queryRunner.query('SELECT 1')).resolves.toHaveLength(1);
      await queryRunner.release();
    });
  },
  async 'tenants.servers.main.replicas.connection'(app) {
    await expectConnectionOption({ name: 'mariadb' }, { query: (sql) => askReplica(app, sql) }, []);
  },
};
