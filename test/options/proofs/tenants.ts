import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import type { ServerOptions, TenancyModuleOptions } from '../../../lib/index.js';
import { CreateNotes1700000000001, Note } from '../../support/notes.js';
import { startTenancyApp } from '../../support/tenancy-app.js';
import { until } from '../../support/until.js';
import type { AppOfEveryOption } from './app-of-every-option.js';
import { exhaust, type Proofs } from './proof.js';

/** On which of the servers `main` and `other` the first of four tenants come to be. */
async function placesOf(
  main: Partial<ServerOptions>,
  tenants: TenancyModuleOptions['tenants'] = {},
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-'));
  const app = await startTenancyApp(
    {
      centralUrl: `sqlite:${join(folder, 'central.sqlite')}`,
      serverUrl: '',
      databasePrefix: 'tenant_',
      cleanUp: () => rm(folder, { recursive: true }),
    },
    {
      options: {
        tenants: {
          servers: {
            main: { url: `sqlite:${join(folder, 'main')}`, ...main },
            other: { url: `sqlite:${join(folder, 'other')}` },
          },
          ...tenants,
        },
      },
    },
  );
  const places: string[] = [];
  for (const slug of ['a1', 'a2', 'a3', 'a4']) {
    places.push((await app.tenants.create({ slug })).placement.server);
  }
  await app.close();
  await rm(folder, { recursive: true });
  return places;
}

/** What becomes of work for a tenant that was created before the app had a migration. */
async function outcomeOf(onPendingMigrations: 'refuse' | 'migrate' | 'serve'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-'));
  const setup = {
    centralUrl: `sqlite:${join(folder, 'central.sqlite')}`,
    serverUrl: `sqlite:${join(folder, 'tenants')}`,
    databasePrefix: 'tenant_',
    cleanUp: () => rm(folder, { recursive: true }),
  };
  const before = await startTenancyApp(setup);
  await before.tenants.create({ slug: 'behind' });
  await before.close();
  const migrations = [CreateNotes1700000000001];
  const app = await startTenancyApp(setup, {
    options: { tenants: { onPendingMigrations, migrations, entities: [Note] } },
  });
  const use = async () => {
    const queryRunner = app.context.get(DataSource).createQueryRunner();
    const hasTable = await queryRunner.hasTable('notes');
    await queryRunner.release();
    return `used, ${hasTable ? 'with' : 'without'} the table`;
  };
  const outcome = await app.tenancy.run('behind', use).catch(({ code }: { code: string }) => code);
  await app.close();
  await setup.cleanUp();
  return outcome;
}

/** What is in the central database of an app that has created a tenant. */
async function rowsAfter(
  tenants: TenancyModuleOptions['tenants'],
  sql: string,
  enough: (rows: readonly object[]) => boolean = () => true,
): Promise<readonly object[]> {
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-'));
  const setup = {
    centralUrl: `sqlite:${join(folder, 'central.sqlite')}`,
    serverUrl: `sqlite:${join(folder, 'tenants')}`,
    databasePrefix: 'tenant_',
    cleanUp: () => rm(folder, { recursive: true }),
  };
  const app = await startTenancyApp(setup, { options: { tenants } });
  await app.tenants.create({ slug: 'acme' });
  const rows = () => app.central.query<object[]>(sql);
  await until('the app has made them', async () => enough(await rows()));
  const found = await rows();
  await app.close();
  await setup.cleanUp();
  return found;
}

export const TENANTS_PROOFS: Proofs<AppOfEveryOption> = {
  async 'tenants.servers'({ pools }) {
    expect(pools.serverNames).toEqual(['main']);
  },
  async 'tenants.place'() {
    const place = () => 'other';
    expect(await placesOf({}, { place })).toEqual(['other', 'other', 'other', 'other']);
  },
  async 'tenants.servers.main.acceptsTenants'() {
    const places = await placesOf({ acceptsTenants: false });
    expect(places).toEqual(['other', 'other', 'other', 'other']);
  },
  async 'tenants.servers.main.weight'() {
    expect(await placesOf({ weight: 3 })).toEqual(['main', 'other', 'main', 'main']);
  },
  async 'tenants.onPendingMigrations'() {
    expect(await outcomeOf('refuse')).toBe('TENANT_MIGRATION_PENDING');
    expect(await outcomeOf('serve')).toBe('used, without the table');
    expect(await outcomeOf('migrate')).toBe('used, with the table');
  },
  async 'tenants.template'() {
    const sql = 'SELECT state FROM tenancy_templates';
    expect(await rowsAfter({}, sql)).toEqual([{ state: 'candidate' }]);
    expect(await rowsAfter({ template: false }, sql)).toEqual([]);
  },
  async 'tenants.pending'() {
    const sql =
      "SELECT step FROM tenancy_tenants WHERE status = 'pending' AND step = 'migrated' LIMIT 2";
    const two = await rowsAfter({ pending: 2 }, sql, ({ length }) => length === 2);
    expect(two).toEqual([{ step: 'migrated' }, { step: 'migrated' }]);
    expect(await rowsAfter({}, sql)).toEqual([]);
  },
  async 'tenants.share'(app) {
    const servers = { main: { url: app.setup.serverUrl, acquireTimeout: 65 } };
    const other = await app.other({ tenants: { servers, share: () => ({ max: 1 }) } });
    const acme = await other.registry.byReference('acme');
    expect(await exhaust(other.pools.dataSource(acme))).toMatchObject({ taken: 1 });
  },
  async 'tenants.databasePrefix'(app) {
    const databasePrefix = `${app.setup.databasePrefix}other_`;
    const other = await app.other({ tenants: { databasePrefix } });
    const { placement } = await other.tenants.create({ slug: 'prefixed' });
    expect(placement.database).toBe(`${databasePrefix}prefixed`);
    await other.tenants.delete('prefixed', { confirm: 'prefixed', dropDatabase: true });
  },
  async 'tenants.entities'({ central, tenants }) {
    expect(tenants.hasMetadata(Note)).toBe(true);
    expect(central.hasMetadata(Note)).toBe(false);
  },
  async 'tenants.subscribers'(app) {
    const saved = await app.inAcme(() => app.tenants.manager.save(Note, { text: 'saved' }));
    expect(saved.text).toBe('saved and seen');
  },
  'tenants.migrations': (app) => expectNote(app, 'migrated and seen'),
  'tenants.seed': (app) => expectNote(app, 'seeded and seen'),
  async 'tenants.typeorm'(app) {
    await app.inAcme(() => app.tenants.query('SELECT 1 AS tenant_log'));
    expect(app.heard.tenantLog.lines.join()).toContain('tenant_log');
  },
};

async function expectNote(app: AppOfEveryOption, text: string): Promise<void> {
  expect(await app.inAcme(() => app.tenants.manager.existsBy(Note, { text }))).toBe(true);
}
