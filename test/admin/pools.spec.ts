import type { INestApplication } from '@nestjs/common';
import { ConnectionPoolManager, Tenancy, TenantService } from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { call, startAdminApp } from './admin-app.js';

describe.each(engines)('pools over the admin API on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: INestApplication;
  beforeAll(async () => {
    setup = await prepare();
    app = await startAdminApp(setup, { options: { pool: { drainTimeout: 200 } } });
    await app.get(TenantService).create({ slug: 'acme' });
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const tenant = () => app.get(TenantService).get('acme');

  it('tell what there is, without addresses and accounts', async () => {
    const { status, body } = await call(app, 'GET pools');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      central: { server: 'central', maxConnections: expect.any(Number), breaker: 'closed' },
      servers: [{ server: 'main', closed: { idle: 0 }, hold: { p99: expect.any(Number) } }],
    });
    expect(JSON.stringify(body)).not.toContain(setup.serverUrl);
  });

  it('are drained of a tenant', async () => {
    const pools = app.get(ConnectionPoolManager);
    await pools.dataSource(await tenant()).query('SELECT 1');
    const { idle, closed } = pools.stats().servers[0]!;
    expect((await call(app, 'POST tenants/acme/drain')).status).toBe(204);
    const { body } = await call(app, 'GET pools');
    expect(body.servers[0].idle).toBeLessThan(idle);
    expect(body.servers[0].closed.drained).toBeGreaterThan(closed.drained);
  });

  it('say so when a connection stays in use', async () => {
    await app.get(Tenancy).run('acme', async () => {
      const queryRunner = app
        .get(ConnectionPoolManager)
        .dataSource(await tenant())
        .createQueryRunner();
      try {
        await queryRunner.connect();
        expect(await call(app, 'POST tenants/acme/drain')).toMatchObject({
          status: 409,
          body: { code: 'DRAIN_TIMEOUT' },
        });
      } finally {
        await queryRunner.release();
      }
    });
  });
});
