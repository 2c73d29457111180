import { writeFileSync } from 'node:fs';
import type { TenancyModuleOptions } from '../../lib/index.js';
import { TenantMigrator } from '../../lib/index.js';
import { PendingTenants } from '../../lib/tenant/pending-tenants.js';
import { TenancyEvents } from '../../lib/tenant/tenancy-events.js';
import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { CreateNotes1700000000001, Note } from '../support/notes.js';
import { SilentLogger } from '../support/silent-logger.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';
import { until } from '../support/until.js';
import { CreateShops1700000000001 } from '../migration/shop-migrations.js';

type Tenants = NonNullable<TenancyModuleOptions['tenants']>;

describe.each(engines)('databases for tenants to come on $name', ({ name, prepare }) => {
  let setup: EngineSetup;
  const apps: TenancyApp[] = [];
  beforeEach(async () => {
    setup = await prepare();
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await setup.cleanUp();
  });

  const start = async (tenants: Tenants = {}) => {
    const app = await startTenancyApp(setup, {
      options: {
        tenants: {
          entities: [Note],
          migrations: [CreateNotes1700000000001],
          typeorm: { logger: new SilentLogger() },
          pending: 3,
          ...tenants,
        },
      },
    });
    apps.push(app);
    return app;
  };
  const topUp = (app: TenancyApp) => app.context.get(PendingTenants).topUp();
  const pending = async ({ central }: TenancyApp) =>
    (await central.query(
      "SELECT id, step, server FROM tenancy_tenants WHERE status = 'pending' ORDER BY id",
    )) as { id: string; step: string; server: string }[];
  const names = () => databasesOf(setup).names();

  it('are made, and are no tenants', async () => {
    const app = await start();
    await topUp(app);
    const waiting = await pending(app);
    expect(waiting.map(({ step }) => step)).toEqual(['migrated', 'migrated', 'migrated']);
    expect(await names()).toHaveLength(3);
    expect(await app.tenants.list()).toEqual({ tenants: [] });
    const seen: string[] = [];
    await app.tenancy.forEach(({ slug }) => seen.push(slug), { where: () => true });
    expect(seen).toEqual([]);
    const { id } = waiting[0]!;
    expect(await app.registry.lookup({ kind: 'id', value: id })).toBeNull();
    await expect(app.tenancy.run(id, () => 1)).rejects.toMatchObject({ code: 'TENANT_NOT_FOUND' });
    await expect(app.tenants.activate(id)).rejects.toMatchObject({
      code: 'TENANT_TRANSITION_REFUSED',
    });
  });

  it('are taken by creations, and served', async () => {
    const app = await start();
    await topUp(app);
    const [ids, databases] = [(await pending(app)).map(({ id }) => id), await names()];
    const settings = { plan: 'gold' };
    const acme = await app.tenants.create({
      slug: 'acme',
      name: 'Acme Inc.',
      domains: ['acme.example', 'acme.test'],
      settings,
    });
    expect(ids).toContain(acme.id);
    expect(databases).toContain(acme.placement.database);
    expect(acme).toMatchObject({
      slug: 'acme',
      name: 'Acme Inc.',
      status: 'active',
      step: 'done',
      settings,
    });
    expect((await app.registry.lookup({ kind: 'domain', value: 'acme.example' }))?.id).toBe(
      acme.id,
    );
    expect(
      (await app.tenants.get('acme')).domains.map(({ host, primaryOf }) => [host, primaryOf]),
    ).toEqual(
      expect.arrayContaining([
        ['acme.example', acme.id],
        ['acme.test', null],
      ]),
    );
    const notes = await app.tenancy.run('acme', () =>
      app.pools.dataSource(acme).getRepository(Note).find(),
    );
    expect(notes).toEqual([{ id: 1, text: 'migrated' }]);
    await until('another is ready', async () => (await pending(app)).length === 3);
  });

  it('are seeded when they are taken; one whose seed fails is gone', async () => {
    const app = await start({
      seed: async ({ slug }, dataSource) => {
        if (slug === 'mouldy') throw new Error('the seed is mouldy');
        await dataSource.getRepository(Note).insert({ text: `for ${slug}` });
      },
    });
    await topUp(app);
    const before = await names();
    app.context.get(PendingTenants).stop();
    const acme = await app.tenants.create({ slug: 'acme' });
    expect(before).toContain(acme.placement.database);
    const notes = await app.tenancy.run('acme', () =>
      app.pools
        .dataSource(acme)
        .getRepository(Note)
        .find({ order: { id: 'ASC' } }),
    );
    expect(notes.map(({ text }) => text)).toEqual(['migrated', 'for acme']);
    await expect(app.tenants.create({ slug: 'mouldy' })).rejects.toMatchObject({
      code: 'TENANT_PROVISIONING_FAILED',
    });
    expect(await app.tenants.find('mouldy')).toBeNull();
    expect(await names()).toHaveLength(2);
  });

  it.each(['with', 'without'])(
    'are gone, %s a seed, where the creation that took them may not begin',
    async (seeded) => {
      const app = await start(seeded === 'with' ? { seed: async () => {} } : {});
      await topUp(app);
      app.context.get(PendingTenants).stop();
      app.context.get(TenancyEvents).hear(async (event) => {
        if (event === 'tenant.creating') throw new Error('it cannot be recorded');
      });
      const creation = { slug: 'acme', domains: ['acme.example'] };
      await expect(app.tenants.create(creation)).rejects.toThrow('it cannot be recorded');
      expect(await app.tenants.find('acme')).toBeNull();
      expect(await app.tenants.find('acme.example')).toBeNull();
      expect(await names()).toHaveLength(2);
      expect(await pending(app)).toHaveLength(2);
    },
  );

  it('are not taken by who is refused', async () => {
    const app = await start();
    await topUp(app);
    app.context.get(PendingTenants).stop();
    await app.tenants.create({ slug: 'acme', domains: ['acme.example'] });
    for (const input of [{ slug: 'acme' }, { slug: 'b', domains: ['acme.example'] }]) {
      await expect(app.tenants.create(input)).rejects.toMatchObject({ code: 'TENANT_CONFLICT' });
    }
    expect(await pending(app)).toHaveLength(2);
    expect(await app.tenants.find('b')).toBeNull();
  });

  it('are not taken by creations that name a database', async () => {
    const app = await start();
    await topUp(app);
    const database = `${setup.databasePrefix}own`;
    const tenant = await app.tenants.create({ slug: 'acme', database });
    expect(tenant.placement.database).toBe(database);
    expect(await pending(app)).toHaveLength(3);
  });

  it('go to one each, of many and of two processes', async () => {
    const [one, two] = [await start({ pending: 8 }), await start({ pending: 8 })];
    await Promise.all([topUp(one), topUp(two)]);
    const ready = new Set((await pending(one)).map(({ id }) => id));
    for (const { context } of [one, two]) context.get(PendingTenants).stop();
    const slugs = Array.from({ length: 12 }, (_, index) => `t${index}`);
    const created = await Promise.all(
      slugs.map((slug, index) => [one, two][index % 2]!.tenants.create({ slug })),
    );
    expect(new Set(created.map(({ id }) => id)).size).toBe(12);
    expect(new Set(created.map(({ placement }) => placement.database)).size).toBe(12);
    expect(created.filter(({ id }) => ready.has(id))).toHaveLength(8);
    expect(created.every(({ status }) => status === 'active')).toBe(true);
    expect(await pending(one)).toEqual([]);
  });

  it('are made by one process at a time', async () => {
    const [one, two] = [await start(), await start()];
    await Promise.all([topUp(one), topUp(two), topUp(one)]);
    expect(await pending(one)).toHaveLength(3);
    expect(await names()).toHaveLength(3);
  });

  it('are migrated with the tenants', async () => {
    await topUp(await start());
    const migrations = [CreateNotes1700000000001, CreateShops1700000000001];
    const app = await start({ migrations });
    const before = await pending(app);
    const report = await app.context.get(TenantMigrator).migrate();
    expect(report).toMatchObject({ ok: true, migrated: 3 });
    await topUp(app);
    expect(await pending(app)).toEqual(before);
  });

  it('are replaced where they lack migrations, and left alone by older code', async () => {
    const old = await start();
    await topUp(old);
    old.context.get(PendingTenants).stop();
    const before = (await pending(old)).map(({ id }) => id);
    const app = await start({ migrations: [CreateNotes1700000000001, CreateShops1700000000001] });
    app.context.get(PendingTenants).stop();
    expect(before).not.toContain((await app.tenants.create({ slug: 'acme' })).id);
    const newer = await start({ migrations: [CreateNotes1700000000001, CreateShops1700000000001] });
    await topUp(newer);
    const after = (await pending(newer)).map(({ id }) => id);
    expect(after.filter((id) => before.includes(id))).toEqual([]);
    expect(await names()).toHaveLength(4);
    await topUp(await start());
    expect((await pending(old)).map(({ id }) => id)).toEqual(after);
  });

  it('that could not be made are told of and leave nothing', async () => {
    class Broken1700000000009 {
      readonly name = 'Broken1700000000009';
      async up(): Promise<void> {
        throw new Error('broken');
      }
      async down(): Promise<void> {}
    }
    const app = await start({ migrations: [Broken1700000000009] });
    await expect(topUp(app)).rejects.toThrow('broken');
    expect(await pending(app)).toEqual([]);
    expect(await names()).toEqual([]);
  });

  if (name === 'sqlite') {
    // Two servers are two folders.
    it('are made on the other servers while one is away', async () => {
      const url = setup.serverUrl;
      // A file, where its folder would be.
      writeFileSync(`${url.replace(/^sqlite:/, '')}-away`, '');
      const servers = { away: { url: `${url}-away` }, main: { url } };
      const app = await start({ pending: 2, servers });
      await expect(topUp(app)).rejects.toThrow('-away');
      expect((await pending(app)).map(({ server }) => server)).toEqual(['main', 'main']);
    });

    it('are kept on each server that accepts tenants, and taken where the tenant is placed', async () => {
      const url = setup.serverUrl;
      const app = await start({
        pending: 2,
        servers: {
          main: { url },
          other: { url: `${url}-other` },
          closed: { url: `${url}-closed`, acceptsTenants: false },
        },
        place: () => 'other',
      });
      await topUp(app);
      const waiting = await pending(app);
      const servers = async () => (await pending(app)).map(({ server }) => server).toSorted();
      expect(await servers()).toEqual(['main', 'main', 'other', 'other']);
      app.context.get(PendingTenants).stop();
      for (const slug of ['a', 'b', 'c']) {
        expect((await app.tenants.create({ slug })).placement.server).toBe('other');
      }
      expect(await servers()).toEqual(['main', 'main']);
      const onMain = await app.tenants.create({ slug: 'd', server: 'main' });
      expect(waiting.map(({ id }) => id)).toContain(onMain.id);
    });
  } else {
    it('have accounts of their own', async () => {
      const app = await start({
        credentials: 'per-tenant',
        credentialKeys: [Buffer.alloc(32, 'pending').toString('base64')],
      });
      await topUp(app);
      expect((await pending(app)).map(({ step }) => step)).toEqual(Array(3).fill('accredited'));
      const ids = (await pending(app)).map(({ id }) => id);
      const acme = await app.tenants.create({ slug: 'acme' });
      expect(ids).toContain(acme.id);
      const [{ who }] = await app.tenancy.run('acme', () =>
        app.pools.dataSource(acme).query('SELECT CURRENT_USER() AS who'),
      );
      expect(who).toMatch(/^tenancy_/);
    });
  }
});
