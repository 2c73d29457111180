import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerOptions, TenancyModuleOptions } from '../../../lib/index.js';
import { Note } from '../../support/notes.js';
import { startTenancyApp } from '../../support/tenancy-app.js';
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
