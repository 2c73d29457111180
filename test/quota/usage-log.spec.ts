import { UsageLog } from '../../lib/quota/usage-log.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { until } from '../support/until.js';
import { startQuotaApp, type QuotaApp } from './quota-app.js';

/** Refuses to write one source, until it is dropped. */
const TRIGGER = 'CREATE TRIGGER refuse_one BEFORE INSERT ON tenancy_quota_log';
const WITHOUT_USES = `${TRIGGER} FOR EACH ROW SET NEW.uses = IF(NEW.source = 'refused', NULL, NEW.uses)`;
const refuse = {
  'better-sqlite3': `${TRIGGER} WHEN NEW.source = 'refused' BEGIN SELECT RAISE(ABORT, 'no'); END`,
  mysql: WITHOUT_USES,
  mariadb: WITHOUT_USES,
} as const;

describe.each(engines)('the usage log on $name', (engine) => {
  let setup: EngineSetup;
  let apps: QuotaApp[];
  let count = 0;

  beforeEach(async () => {
    setup = await engine.prepare();
    apps = [];
    for (const store of ['database', 'database'] as const) {
      apps.push(await startQuotaApp(setup, { store }));
    }
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    for (const app of apps) await app.close();
    await setup.cleanUp();
  });

  async function newTenant(): Promise<string> {
    return (await apps[0]!.tenants.create({ slug: `tenant-${++count}` })).slug;
  }
  const setClock = (day: string) =>
    jest.spyOn(Date, 'now').mockReturnValue(Date.parse(`${day}T12:00:00Z`));
  const rows = async (): Promise<number> =>
    (await apps[0]!.central.query<unknown[]>('SELECT 1 FROM tenancy_quota_log')).length;

  it('adds up by day, key and source what all processes have used', async () => {
    const slug = await newTenant();
    const [one, two] = apps as [QuotaApp, QuotaApp];
    setClock('2030-05-06');
    await one.tenancy.run(slug, async () => {
      await one.quotas.consume('monthly_emails', 2, { source: 'invoices' });
      await one.quotas.consume('monthly_emails', 3, { source: 'news' });
      await one.quotas.consume('users');
    });
    await two.tenancy.run(slug, async () => {
      await two.quotas.consume('monthly_emails', 5, { source: 'news' });
      setClock('2030-05-07');
      await two.quotas.consume('monthly_emails', 1, { source: 'news' });
      await two.quotas.giveBack('users');
      await two.quotas.history();
    });
    await one.tenancy.run(slug, async () => {
      expect(await one.quotas.history()).toEqual([
        { day: '2030-05-06', key: 'monthly_emails', amount: 10, uses: 3 },
        { day: '2030-05-06', key: 'users', amount: 1, uses: 1 },
        { day: '2030-05-07', key: 'monthly_emails', amount: 1, uses: 1 },
        { day: '2030-05-07', key: 'users', amount: -1, uses: 1 },
      ]);
      const bySource = await one.quotas.history({ key: 'monthly_emails', by: ['source'] });
      expect(bySource).toEqual([
        { source: 'invoices', amount: 2, uses: 1 },
        { source: 'news', amount: 9, uses: 3 },
      ]);
      const ofADay = { from: '2030-05-07', to: '2030-05-07', source: 'news', by: [] };
      expect(await one.quotas.history(ofADay)).toEqual([{ amount: 1, uses: 1 }]);
    });
  });

  it('a reservation is in it with what was committed', async () => {
    const slug = await newTenant();
    const [app] = apps as [QuotaApp];
    await app.tenancy.run(slug, async () => {
      const reservation = await app.quotas.reserve('monthly_emails', 50, { source: 'news' });
      expect(await app.quotas.history()).toEqual([]);
      await reservation.commit(7);
      expect(await app.quotas.history({ by: ['source'] })).toEqual([
        { source: 'news', amount: 7, uses: 1 },
      ]);
    });
  });

  it('is of one tenant', async () => {
    const [one, two] = [await newTenant(), await newTenant()];
    const [app] = apps as [QuotaApp];
    await app.tenancy.run(one, () => app.quotas.consume('users'));
    expect(await app.tenancy.run(two, () => app.quotas.history())).toEqual([]);
  });

  it('many uses are few rows, written by themselves in a while', async () => {
    const slug = await newTenant();
    const [app] = apps as [QuotaApp];
    await app.tenancy.run(slug, async () => {
      for (let index = 0; index < 30; index += 1) await app.quotas.consume('monthly_emails');
    });
    await until('they are written', async () => (await rows()) > 0);
    expect(await rows()).toBeLessThan(4);
  });

  it('is written when the app shuts down', async () => {
    const slug = await newTenant();
    const [first, second] = apps as [QuotaApp, QuotaApp];
    await second.tenancy.run(slug, () => second.quotas.consume('users'));
    await second.close();
    apps = [first];
    expect(await rows()).toBe(1);
  });

  it('is written later when it cannot be written now, each use once', async () => {
    const slug = await newTenant();
    const [app] = apps as [QuotaApp];
    const log = app.context.get(UsageLog, { strict: false });
    await app.tenancy.run(slug, () => app.quotas.consume('users'));
    await app.central.query('ALTER TABLE tenancy_quota_log RENAME TO elsewhere');
    await expect(log.flush()).rejects.toThrow();
    await app.tenancy.run(slug, () => app.quotas.consume('users', 2));
    await app.central.query('ALTER TABLE elsewhere RENAME TO tenancy_quota_log');
    await app.tenancy.run(slug, async () => {
      expect(await app.quotas.history({ by: [] })).toEqual([{ amount: 3, uses: 2 }]);
    });
  });

  it('loses nothing when flushes meet behind one that is slow, and what they write is refused', async () => {
    const { id, slug } = await apps[0]!.tenants.create({ slug: `tenant-${++count}` });
    const [app] = apps as [QuotaApp];
    const log = app.context.get(UsageLog, { strict: false });
    const use = (source: string) => log.add(id, '2030-05-06', 'users', source, 1_000);
    await app.central.query(refuse[app.central.options.type as keyof typeof refuse]);
    use('first');
    const slow = log.flush();
    // Three statements, of which the second is refused.
    for (let n = 0; n < 1_100; n += 1) use(n === 700 ? 'refused' : `then-${n}`);
    await Promise.allSettled([slow, log.flush(), log.flush()]);
    await app.central.query('DROP TRIGGER refuse_one');
    const told = await app.tenancy.run(slug, () => app.quotas.history({ by: [] }));
    expect(told).toMatchObject([{ uses: 1_101 }]);
  });

  it('a tenant that is no more keeps nobody’s uses from being written', async () => {
    const slug = await newTenant();
    const gone = await apps[0]!.tenants.create({ slug: 'gone' });
    const [app] = apps as [QuotaApp];
    await app.tenancy.run('gone', () => app.quotas.consume('users'));
    await app.tenancy.run(slug, () => app.quotas.consume('users'));
    await app.central.query('DELETE FROM tenancy_tenants WHERE id = ?', [gone.id]);
    expect(await app.tenancy.run(slug, () => app.quotas.history())).toHaveLength(1);
    expect(await rows()).toBe(1);
  });

  it('nothing is left of a tenant that was dropped', async () => {
    const [app] = apps as [QuotaApp];
    const { id } = await app.tenants.create({ slug: 'dropped' });
    await app.tenancy.run('dropped', async () => {
      await app.quotas.consume('users');
      await app.quotas.reserve('users', 1);
      await app.quotas.history();
    });
    await app.tenants.delete('dropped', { confirm: 'dropped', dropDatabase: true });
    await app.housekeeping.tidy(Date.now());
    for (const table of ['counters', 'reservations', 'log']) {
      const left: unknown[] = await app.central.query(
        `SELECT 1 FROM tenancy_quota_${table} WHERE tenant_id = ?`,
        [id],
      );
      expect(left).toEqual([]);
    }
  });
});
