import { DataSource } from 'typeorm';
import { startTenancyApp } from '../../support/tenancy-app.js';
import { until } from '../../support/until.js';
import type { AppOfEveryOption } from './app-of-every-option.js';
import { expectConnectionOption } from './connection.js';
import { Plan } from './plans.js';
import { CLOSED_SOON, exhaust, type Proofs } from './proof.js';
import { meetSilentServer } from './silent-server.js';

export const CENTRAL_PROOFS: Proofs<AppOfEveryOption> = {
  async 'central.name'({ central }) {
    expect(central).toBeInstanceOf(DataSource);
  },
  async 'central.url'({ pools }) {
    expect(pools.centralPlacement.database).toMatch(/^central/);
  },
  async 'central.maxConnections'({ central }) {
    expect(await exhaust(central)).toMatchObject({ taken: 3 });
  },
  async 'central.acquireTimeout'({ central }) {
    expect(await exhaust(central)).toMatchObject({
      failure: { message: expect.stringContaining('within 61 ms') },
    });
  },
  async 'central.maxWaiting'(app) {
    const { central } = await app.strict();
    expect(await exhaust(central)).toMatchObject({
      taken: 3,
      failure: { code: 'POOL_QUEUE_FULL', message: expect.stringContaining('"central"') },
    });
  },
  async 'central.connectTimeout'({ setup }) {
    await meetSilentServer(async (address) => {
      const central = {
        url: `mysql://root@${address}/central`,
        connectTimeout: 64,
        typeorm: { retryAttempts: 1 },
      };
      const tenants = { servers: { main: { url: setup.serverUrl, ...CLOSED_SOON } } };
      await expect(startTenancyApp(setup, { options: { central, tenants } })).rejects.toMatchObject(
        {
          code: 'SERVER_UNREACHABLE',
          message: expect.stringContaining('ETIMEDOUT'),
        },
      );
    });
  },
  async 'central.idleTimeout'(app) {
    const { central, pools } = await app.other({ central: { idleTimeout: 21 } });
    await central.query('SELECT 1');
    const closed = () => pools.stats().central.closed.idle;
    await until('what nobody uses is closed', () => closed() > 0);
  },
  async 'central.entities'({ central, tenants }) {
    expect(central.hasMetadata(Plan)).toBe(true);
    expect(tenants.hasMetadata(Plan)).toBe(false);
  },
  async 'central.subscribers'({ central }) {
    expect(await central.manager.save(Plan, { id: '1' })).toMatchObject({
      seen: 'by the subscriber',
    });
  },
  async 'central.migrations'({ central }) {
    expect(await central.query('SELECT name FROM migrations ORDER BY id')).toContainEqual({
      name: 'CreatePlans1700000000002',
    });
  },
  async 'central.migrate'({ engine }) {
    const empty = await engine.prepare();
    const other = await startTenancyApp(empty, { options: { central: { migrate: false } } });
    await expect(other.tenants.list()).rejects.toThrow(/tenancy_tenants/);
    await other.close();
    await empty.cleanUp();
  },
  async 'central.connection'({ engine, central, heard }) {
    await expectConnectionOption(engine, central, heard.centralStatements);
  },
  async 'central.typeorm'({ central, heard }) {
    await central.query('SELECT 1 AS central_log');
    expect(heard.centralLog.lines.join()).toContain('central_log');
  },
};
