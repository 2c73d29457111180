import { DataSource } from 'typeorm';
import type { QuotaOptions } from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { codeOf } from '../support/rejection.js';
import { startQuotaApp, type QuotaApp } from './quota-app.js';

describe.each(engines)('measured gauges on $name', (engine) => {
  let setup: EngineSetup;
  let app: QuotaApp;
  let users = 0;

  beforeAll(async () => {
    setup = await engine.prepare();
    const quota: QuotaOptions = {
      catalogue: {
        users: { measure: ({ slug }) => (slug === 'acme' ? users : 0) },
        storage_mb: {
          measure: async () => {
            throw new Error('the bucket is gone');
          },
        },
        webhooks: { measure: () => -1 },
      },
      plans: { small: { connections: 2 } },
    };
    app = await startQuotaApp(setup, quota);
    await app.tenants.create({ slug: 'acme' });
    await app.tenants.create({ slug: 'other', settings: { plan: 'small' } });
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const inAcme = <T>(work: () => Promise<T>) => app.tenancy.run('acme', work);
  const dataSource = () => app.context.get(DataSource, { strict: false });

  it('are unknown until they are measured', () =>
    inAcme(async () => {
      expect(await app.quotas.usage(['users', 'database_size_mb'])).toEqual([null, null]);
    }));

  it('the callback says how many users there are', () =>
    inAcme(async () => {
      users = 98;
      expect(await app.quotas.measure(['users'])).toMatchObject([{ used: 98, status: 'warning' }]);
      await app.quotas.consume('users', 2);
      expect(await codeOf(() => app.quotas.consume('users'))).toBe('QUOTA_EXCEEDED');
      users = 42;
      await app.quotas.measure(['users']);
      expect(await app.quotas.consume('users')).toMatchObject({ used: 43 });
    }));

  it('the size of a database is that of its data', () =>
    inAcme(async () => {
      const size = async () => (await app.quotas.measure(['database_size_mb']))[0]!.used;
      const before = await size();
      expect(before).toBeGreaterThan(0);
      await dataSource().query('CREATE TABLE heavy (id int PRIMARY KEY, data text)');
      for (let id = 0; id < 100; id += 1) {
        const insert = 'INSERT INTO heavy (id, data) VALUES (?, ?)';
        await dataSource().query(insert, [id, 'x'.repeat(50_000)]);
      }
      // InnoDB counts what it has laid out in its statistics.
      if (engine.name !== 'sqlite') await dataSource().query('ANALYZE TABLE heavy');
      expect((await size()) - before).toBeGreaterThan(4);
      expect((await size()) - before).toBeLessThan(20);
      await app.tenancy.runCentral('look at another tenant', () =>
        app.tenancy.run('other', async () => {
          expect((await app.quotas.measure(['database_size_mb']))[0]!.used).toBeLessThan(2);
        }),
      );
    }));

  it('connections are those that the tenant has now', () =>
    inAcme(async () => {
      const queryRunners = [1, 2, 3].map(() => dataSource().createQueryRunner());
      await Promise.all(queryRunners.map((queryRunner) => queryRunner.connect()));
      expect(await app.quotas.measure(['connections'])).toMatchObject([{ used: 3 }]);
      await Promise.all(queryRunners.map((queryRunner) => queryRunner.release()));
      expect(await app.quotas.measure(['connections'])).toMatchObject([{ used: 0 }]);
    }));

  it('a plan’s connections are the tenant’s ceiling in the pool', async () => {
    await app.tenancy.run('other', async () => {
      expect(app.tenancy.require().placement.share).toEqual({ max: 2 });
    });
    for (const [slug, settings] of [
      ['misspelt', { plan: 'smal' }],
      ['none', { quotas: { connections: 0 } }],
    ] as const) {
      await app.tenants.create({ slug, settings });
      await app.tenancy.run(slug, async () => {
        expect(app.tenancy.require().placement.share).toEqual({ max: 1 });
      });
    }
    await inAcme(async () => {
      expect(app.tenancy.require().placement.share).toEqual({});
    });
  });

  it('what cannot be measured says so, and what is no amount is none', () =>
    inAcme(async () => {
      await expect(app.quotas.measure(['storage_mb'])).rejects.toThrow('the bucket is gone');
      expect(await codeOf(() => app.quotas.measure(['webhooks']))).toBe('QUOTA_MEASURE_FAILED');
      expect(await codeOf(() => app.quotas.measure(['cron_jobs']))).toBe('QUOTA_NOT_MEASURED');
      expect(await app.quotas.usage(['storage_mb', 'webhooks'])).toEqual([null, null]);
    }));
});
