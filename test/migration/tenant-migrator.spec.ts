import { setTimeout as delay } from 'node:timers/promises';
import {
  TenantMigrator,
  type MigrationProgress,
  type TenancyModuleOptions,
} from '../../lib/index.js';
import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startHttp } from '../options/proofs/routes.js';
import { ask } from '../support/http.js';
import { SilentLogger } from '../support/silent-logger.js';
import { optionsOn, startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';
import {
  CreateShops1700000000001 as CreateShops,
  OpenShops1700000000002 as OpenShops,
  StockShops1700000000003 as StockShops,
} from './shop-migrations.js';

type Migrations = NonNullable<NonNullable<TenancyModuleOptions['tenants']>['migrations']>;

const SLUGS = ['a', 'b', 'c', 'd', 'e', 'f'];
const OWN = 'CreateCacheAndSessions1000000000002';

describe.each(engines)('TenantMigrator on $name', ({ name, prepare }) => {
  let setup: EngineSetup;
  let app: TenancyApp;
  beforeEach(async () => {
    setup = await prepare();
  });
  afterEach(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const start = async (
    migrations: Migrations,
    tenants: TenancyModuleOptions['tenants'] = {},
  ): Promise<TenantMigrator> => {
    const typeorm = { logger: new SilentLogger() };
    app = await startTenancyApp(setup, {
      options: { tenants: { ...tenants, migrations, typeorm } },
    });
    return app.context.get(TenantMigrator);
  };
  /** The app of before with its tenants, then that of today. */
  const upgrade = async (
    from: Migrations,
    to: Migrations,
    tenants: TenancyModuleOptions['tenants'] = {},
  ): Promise<TenantMigrator> => {
    await start(from);
    for (const slug of SLUGS) await app.tenants.create({ slug });
    await app.close();
    return start(to, tenants);
  };
  const inTenant = (slug: string, sql: string) =>
    databasesOf(setup).query(`${setup.databasePrefix}${slug}`, sql);
  const applied = async (slug: string): Promise<string[]> =>
    (await inTenant(slug, 'SELECT name FROM migrations ORDER BY id')).map((row) =>
      String(row.name),
    );
  const opened = async (slug: string) =>
    (await inTenant(slug, 'SELECT opened FROM shops')).map((row) => Number(row.opened));
  const leases = () => {
    const { opened: fresh, reused, turned } = app.pools.stats().servers[0];
    return fresh + reused + turned;
  };

  it('runs what is pending for every tenant, once, and opens none when nothing is', async () => {
    const migrator = await upgrade([CreateShops], [CreateShops, OpenShops]);
    const heard: MigrationProgress[] = [];
    const report = await migrator.migrate({ onProgress: (progress) => heard.push(progress) });
    expect(report).toMatchObject({ ok: true, tenants: 6, current: 0, migrated: 6, failed: [] });
    for (const slug of SLUGS) {
      expect(await applied(slug)).toEqual([OWN, CreateShops.name, OpenShops.name]);
      expect(await opened(slug)).toEqual([2]);
    }
    expect(heard.map(({ done }) => done)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(heard.at(-1)).toMatchObject({ total: 6, failed: 0, rate: expect.any(Number) });

    await app.close();
    const again = await start([CreateShops, OpenShops]);
    const before = leases();
    expect(await again.migrate()).toMatchObject({ ok: true, tenants: 6, current: 6, migrated: 0 });
    expect(leases()).toBe(before);
  });

  it('tells what each tenant has and lacks', async () => {
    const migrator = await upgrade([CreateShops], [CreateShops, OpenShops]);
    await migrator.migrate({ only: ['a'] });
    const { migrations, tenants, centralPending } = await migrator.status();
    expect(migrations).toEqual([OWN, CreateShops.name, OpenShops.name]);
    expect(centralPending).toEqual([]);
    expect(tenants.slice(0, 2)).toEqual([
      {
        slug: 'a',
        known: true,
        pending: [],
        changed: [],
        unknown: [],
        version: OpenShops.name,
        halfWay: null,
        failure: null,
        milliseconds: expect.any(Number),
        migratedAt: expect.any(Date),
      },
      expect.objectContaining({ slug: 'b', pending: [OpenShops.name], version: CreateShops.name }),
    ]);
    const ago = Date.now() - (tenants[0].migratedAt?.getTime() ?? 0);
    expect(Math.abs(ago)).toBeLessThan(60_000);
  });

  it('finds out what tenants have that nobody recorded', async () => {
    const migrator = await upgrade([CreateShops], [CreateShops, OpenShops]);
    await app.central.query('DELETE FROM tenancy_schemas');
    expect((await migrator.status()).tenants[0]).toMatchObject({ known: false, version: null });
    const { tenants } = await migrator.status({ verify: true });
    expect(tenants[0]).toMatchObject({ known: true, version: CreateShops.name });
    await app.central.query('DELETE FROM tenancy_schemas');
    expect(await migrator.migrate()).toMatchObject({ ok: true, migrated: 6 });
    expect(await opened('f')).toEqual([2]);
  });

  it('takes back, and comes again', async () => {
    const migrator = await upgrade([CreateShops], [CreateShops, OpenShops]);
    await migrator.migrate();
    expect(await migrator.rollback({ only: ['a', 'b'] })).toMatchObject({ ok: true, migrated: 2 });
    expect(await applied('a')).toEqual([OWN, CreateShops.name]);
    expect(await applied('c')).toEqual([OWN, CreateShops.name, OpenShops.name]);
    // This package's own is never taken back.
    await migrator.rollback({ only: ['a'], steps: 10 });
    expect(await applied('a')).toEqual([OWN]);
    expect(await migrator.rollback({ only: ['a'] })).toMatchObject({ migrated: 0, current: 1 });
    expect(await migrator.migrate()).toMatchObject({ ok: true, migrated: 2, current: 4 });
    expect(await opened('a')).toEqual([2]);
  });

  it('reports drift, and rolls nothing of it back', async () => {
    const migrator = await upgrade([CreateShops, OpenShops], [CreateShops]);
    expect(await migrator.migrate()).toMatchObject({ ok: true, current: 6, drifted: SLUGS });
    expect((await migrator.status()).tenants[0].unknown).toEqual([OpenShops.name]);
    const report = await migrator.rollback({ maxFailures: 2, workers: 1 });
    expect(report).toMatchObject({ ok: false, migrated: 0 });
    // One more was being read when the second failed.
    expect(report.notBegun).toEqual(expect.arrayContaining(['d', 'e', 'f']));
    expect(report.failed.map(({ error }) => error)).toEqual(
      report.failed.map(() =>
        expect.objectContaining({
          code: 'TENANT_MIGRATION_DRIFT',
          message: expect.stringContaining(OpenShops.name),
        }),
      ),
    );
    expect(await applied('a')).toContain(OpenShops.name);
    await app.close();

    class Changed extends OpenShops {
      override async down(): Promise<void> {
        await Promise.resolve();
      }
    }
    const changed = await start([CreateShops, Changed]);
    expect((await changed.status()).tenants[0]).toMatchObject({
      pending: [],
      changed: [OpenShops.name],
    });
    expect(await changed.rollback({ only: ['a'] })).toMatchObject({ ok: false });
    expect(await changed.migrate({ acceptChanged: true })).toMatchObject({ ok: true });
    expect((await changed.status()).tenants[0].changed).toEqual([]);
    expect(await changed.rollback({ only: ['a'] })).toMatchObject({ ok: true, migrated: 1 });
  });

  it('tells the SQL of a dry run, and runs none of it', async () => {
    const migrator = await upgrade([CreateShops], [CreateShops, OpenShops]);
    const { plan, ok } = await migrator.migrate({ dryRun: true });
    expect(ok).toBe(true);
    expect(plan).toHaveLength(1);
    expect(plan[0].tenants).toEqual(SLUGS);
    expect(plan[0].migrations[0]).toMatchObject({ name: OpenShops.name });
    const { statements = [] } = plan[0].migrations[0];
    expect(statements).toContain('CREATE TABLE tills (id int PRIMARY KEY)');
    expect(statements.join('\n')).toMatch(/opened/);
    expect(await applied('a')).toEqual([OWN, CreateShops.name]);
    expect(await databasesOf(setup).tables(`${setup.databasePrefix}a`)).not.toContain('tills');
  });

  it('stops after a failure, and goes on where it stopped', async () => {
    const migrator = await upgrade([CreateShops], [CreateShops, StockShops]);
    await inTenant('c', 'CREATE TABLE broken (id int)');
    const report = await migrator.migrate({ workers: 1 });
    expect(report).toMatchObject({ ok: false, migrated: 2, notBegun: ['d', 'e', 'f'] });
    expect(report.failed).toEqual([
      { slug: 'c', error: expect.objectContaining({ code: 'TENANT_MIGRATION_FAILED' }) },
    ]);
    expect((await migrator.status()).tenants[2]).toMatchObject({
      slug: 'c',
      failure: expect.stringMatching(/no_such_table/),
      pending: [StockShops.name],
    });

    // Servers keep the statements before the one that failed; they are left out the next time.
    const halfWay = name === 'sqlite' ? [] : ['c'];
    const without = await migrator.migrate({ maxFailures: 10 });
    expect(without).toMatchObject({ ok: false, halfWay, migrated: 3, notBegun: [] });
    await inTenant('c', 'DROP TABLE broken');
    if (name === 'sqlite')
      expect(await migrator.migrate()).toMatchObject({ ok: true, migrated: 1 });
    else await app.tenants.repair('c');
    expect(await applied('c')).toEqual([OWN, CreateShops.name, StockShops.name]);
    expect(await inTenant('c', 'SELECT id FROM shelves')).toHaveLength(1);
    expect(await migrator.migrate()).toMatchObject({ ok: true, current: 6 });
    expect((await migrator.status()).tenants[2]).toMatchObject({ failure: null, halfWay: null });
  });

  it('stops at a canary that failed', async () => {
    const migrator = await upgrade([CreateShops], [CreateShops, StockShops]);
    await inTenant('f', 'CREATE TABLE broken (id int)');
    const options = { descending: true, canary: 2, maxFailures: 10 } as const;
    const report = await migrator.migrate(options);
    expect(report).toMatchObject({ migrated: 1, notBegun: ['d', 'c', 'b', 'a'] });
    await inTenant('f', 'DROP TABLE broken');
    expect(await migrator.migrate({ ...options, resume: true })).toMatchObject({
      ok: true,
      migrated: 5,
    });
  });

  it('takes those that are named, and refuses names of nobody and numbers that are none', async () => {
    const migrator = await upgrade([CreateShops], [CreateShops, OpenShops]);
    await app.tenants.suspend('e');
    expect(await migrator.migrate({ except: ['a', 'b'] })).toMatchObject({ migrated: 4 });
    await expect(migrator.migrate({ only: ['z'] })).rejects.toMatchObject({
      code: 'TENANT_NOT_FOUND',
    });
    await expect(migrator.migrate({ workers: 0 })).rejects.toMatchObject({
      code: 'MIGRATION_OPTIONS_INVALID',
    });
  });

  it('migrates each tenant once, however many runs there are at once', async () => {
    const migrator = await upgrade([CreateShops], [CreateShops, OpenShops]);
    const reports = await Promise.all([migrator.migrate(), migrator.migrate(), migrator.migrate()]);
    expect(reports.every(({ ok }) => ok)).toBe(true);
    expect(reports.reduce((sum, { migrated }) => sum + migrated, 0)).toBe(6);
    for (const slug of SLUGS) {
      expect(await applied(slug)).toEqual([OWN, CreateShops.name, OpenShops.name]);
      expect(await opened(slug)).toEqual([2]);
    }
  });

  it('has no tenant migrated when the central database cannot be', async () => {
    await start([CreateShops]);
    await app.tenants.create({ slug: 'a' });
    await app.close();
    class Wrong1800000000000 {
      async up(): Promise<void> {
        throw new Error('the central one is mouldy');
      }
      async down(): Promise<void> {}
    }
    app = await startTenancyApp(setup, {
      options: {
        central: {
          migrate: false,
          migrations: [Wrong1800000000000],
          typeorm: { logger: new SilentLogger() },
        },
        tenants: { migrations: [CreateShops, OpenShops] },
      },
    });
    await expect(app.context.get(TenantMigrator).migrate()).rejects.toMatchObject({
      code: 'CENTRAL_MIGRATION_FAILED',
      message: expect.stringContaining('mouldy'),
    });
    expect(await applied('a')).toEqual([OWN, CreateShops.name]);
  });

  describe('a tenant that is behind', () => {
    const use = (slug = 'a') => app.tenancy.run(slug, () => 'used');

    it('is refused until it is migrated, by this process or another', async () => {
      const migrator = await upgrade([CreateShops], [CreateShops, OpenShops]);
      const refused = { code: 'TENANT_MIGRATION_PENDING', status: 503 };
      await expect(use()).rejects.toMatchObject(refused);
      await expect(use()).rejects.toMatchObject({
        message: expect.stringContaining(OpenShops.name),
      });
      await expect(app.tenancy.forEach(() => {})).rejects.toMatchObject({
        cause: expect.objectContaining(refused),
      });
      const other = await startTenancyApp(setup, {
        options: { tenants: { migrations: [CreateShops, OpenShops] } },
      });
      expect(await other.context.get(TenantMigrator).migrate({ only: ['a'] })).toMatchObject({
        migrated: 1,
      });
      await other.close();
      // It looks again after a second.
      await delay(1_100);
      expect(await use()).toBe('used');
      await migrator.migrate();
      expect(await use('b')).toBe('used');
    });

    it('is refused to requests, too, and migrated by the first of them', async () => {
      await upgrade([CreateShops], [CreateShops, OpenShops]);
      const migrations = [CreateShops, OpenShops];
      const answerOf = async (onPendingMigrations: 'refuse' | 'migrate') => {
        const tenants = { migrations, onPendingMigrations };
        const nest = await startHttp(optionsOn(setup, { tenants }));
        const { status, body, headers } = await ask(nest, '/who', { host: 'a.localhost' });
        await nest.close();
        return { status, body, retryAfter: headers['retry-after'] };
      };
      expect(await answerOf('refuse')).toEqual({
        status: 503,
        body: {
          statusCode: 503,
          code: 'TENANT_MIGRATION_PENDING',
          message: 'Service Unavailable',
        },
        retryAfter: '5',
      });
      expect(await answerOf('migrate')).toMatchObject({ status: 200, body: { slug: 'a' } });
      expect(await opened('a')).toEqual([2]);
    });

    it('is served when it was migrated past this package', async () => {
      await upgrade([CreateShops], [CreateShops, OpenShops]);
      const tenant = await app.tenants.get('a');
      await app.pools.provisioningDataSource(tenant).runMigrations({ transaction: 'each' });
      expect(await use()).toBe('used');
    });

    it('is migrated by its first use, once', async () => {
      await upgrade([CreateShops], [CreateShops, OpenShops], { onPendingMigrations: 'migrate' });
      expect(await Promise.all([use(), use(), use(), use()])).toEqual(Array(4).fill('used'));
      expect(await opened('a')).toEqual([2]);
      expect(await applied('b')).toEqual([OWN, CreateShops.name]);
    });

    it('is served where the options say so', async () => {
      await upgrade([CreateShops], [CreateShops, OpenShops], { onPendingMigrations: 'serve' });
      expect(await use()).toBe('used');
    });

    it('is another thing than one that is ahead: the code of before goes on', async () => {
      await upgrade([CreateShops, OpenShops], [CreateShops]);
      expect(await use()).toBe('used');
    });

    it('is told from one that nobody recorded', async () => {
      await upgrade([CreateShops], [CreateShops]);
      await app.central.query('DELETE FROM tenancy_schemas');
      app.registry.invalidate();
      expect(await use()).toBe('used');
    });
  });
});
