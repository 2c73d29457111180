import { getRepositoryToken, TypeOrmModule } from '@nestjs/typeorm';
import { EventSubscriber, type EntitySubscriberInterface, type Repository } from 'typeorm';
import type { QueryDeepPartialEntity } from 'typeorm/query-builder/QueryPartialEntity.js';
import {
  CENTRAL,
  Domain,
  Tenant,
  type RegistryOptions,
  type TenancyModuleOptions,
} from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';
import { until } from '../support/until.js';

/** Counts the central statements, and can hold one back between the database's answer and its reader. */
@EventSubscriber()
class Watch implements EntitySubscriberInterface {
  static queries = 0;
  static hold?: { readonly held: () => void; readonly until: Promise<void> };

  beforeQuery(): void {
    Watch.queries += 1;
  }

  async afterQuery({ query }: { query: string }): Promise<void> {
    const { hold } = Watch;
    if (hold === undefined || !query.startsWith('SELECT')) return;
    Watch.hold = undefined;
    hold.held();
    await hold.until;
  }
}

describe.each(engines)('the registry on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: TenancyApp;
  let tenants: Repository<Tenant>;
  let domains: Repository<Domain>;

  const start = (registry: RegistryOptions = {}): Promise<TenancyApp> => {
    const options: TenancyModuleOptions = { central: { subscribers: [Watch] }, registry };
    return startTenancyApp(setup, {
      options,
      imports: [TypeOrmModule.forFeature([Tenant, Domain], CENTRAL)],
    });
  };
  beforeAll(async () => {
    setup = await prepare();
    app = await start();
    tenants = app.context.get(getRepositoryToken(Tenant, CENTRAL));
    domains = app.context.get(getRepositoryToken(Domain, CENTRAL));
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const bySlug = (slug: string, { registry } = app) =>
    registry.lookup({ kind: 'slug', value: slug });
  const byHost = (host: string, { registry } = app) =>
    registry.lookup({ kind: 'domain', value: host });
  const byId = (id: string, { registry } = app) => registry.lookup({ kind: 'id', value: id });
  const create = (slug: string, ...hosts: string[]) =>
    app.tenants.create({ slug, domains: hosts, settings: { of: slug } });
  /** The central statements that `work` takes. */
  const queriesOf = async (work: () => unknown): Promise<number> => {
    const before = Watch.queries;
    await work();
    return Watch.queries - before;
  };

  it('finds a tenant by id, slug and host, frozen', async () => {
    const { id } = await create('found', 'found.example');
    for (const found of [await byId(id), await bySlug('found'), await byHost('found.example')]) {
      expect(found).toEqual({
        id,
        slug: 'found',
        name: 'found',
        status: 'active',
        placement: { server: 'main', database: `${setup.databasePrefix}found` },
        settings: { of: 'found' },
        generation: 1,
        schema: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
      expect(Object.isFrozen(found)).toBe(true);
    }
  });

  it.each(['byId', 'bySlug', 'byHost'] as const)(
    'a hundred at once that do not know a tenant %s ask once',
    async (by) => {
      const slug = `crowd-${by.toLowerCase()}`;
      const { id } = await create(slug, `${slug}.example`);
      const lookup = {
        byId: () => byId(id),
        bySlug: () => bySlug(slug),
        byHost: () => byHost(`${slug}.example`),
      };
      const queries = await queriesOf(async () => {
        const all = await Promise.all(Array.from({ length: 100 }, async () => lookup[by]()));
        expect(new Set(all).size).toBe(1);
        expect(all[0]).toMatchObject({ id });
      });
      expect(queries).toBe(1);
    },
  );

  it('asks nobody about a tenant that it knows, and answers without a promise', async () => {
    const { id } = await create('warm', 'warm.example');
    await Promise.all([byId(id), bySlug('warm'), byHost('warm.example')]);
    const queries = await queriesOf(() => {
      for (const known of [byId(id), bySlug('warm'), byHost('warm.example')]) {
        expect(known).toMatchObject({ slug: 'warm' });
      }
    });
    expect(queries).toBe(0);
  });

  it('does not find deleted ones, nor what is only similar', async () => {
    await create('similar', 'similar.example');
    await app.tenants.delete('similar', { confirm: 'similar' });
    await create('alike', 'alike.example');
    expect(await bySlug('similar')).toBeNull();
    expect(await byHost('similar.example')).toBeNull();
    for (const slug of ['ALIKE', 'álike', 'alik_', '']) expect(await bySlug(slug)).toBeNull();
  });

  describe('keys that lead nowhere', () => {
    it('are remembered, as many as the options say', async () => {
      const small = await start({ maxUnknown: 3 });
      const lookup = (index: number) => bySlug(`nobody-${index}`, small);
      for (let index = 0; index < 10; index += 1) expect(await lookup(index)).toBeNull();
      expect(await queriesOf(() => lookup(9))).toBe(0);
      expect(lookup(8)).toBeNull();
      expect(await queriesOf(() => lookup(0))).toBe(1);
      await small.close();
    });

    it('are asked for again when their time is over', async () => {
      const forgetful = await start({ unknownTtl: 20 });
      expect(await bySlug('elsewhere', forgetful)).toBeNull();
      // By another process, as far as the registry can see.
      await create('elsewhere');
      await until(
        'the new tenant is found',
        async () => (await bySlug('elsewhere', forgetful)) !== null,
      );
      await forgetful.close();
    });

    it('lead to a tenant at once when this process makes one', async () => {
      expect(await bySlug('soon')).toBeNull();
      expect(await byHost('soon.example')).toBeNull();
      const { id } = await create('soon', 'soon.example');
      expect(await bySlug('soon')).toMatchObject({ id, status: 'active' });
      expect(await byHost('soon.example')).toMatchObject({ id });
    });
  });

  it('holds as many tenants as the options say', async () => {
    const small = await start({ maxTenants: 2 });
    for (const slug of ['one', 'two', 'three']) {
      await create(slug);
      await bySlug(slug, small);
    }
    expect(await queriesOf(() => bySlug('three', small))).toBe(0);
    expect(await queriesOf(() => bySlug('one', small))).toBe(1);
    await small.close();
  });

  describe('a write of another process is seen when the time is over,', () => {
    let slow: TenancyApp;
    beforeAll(async () => {
      slow = await start({ ttl: 50 });
    });
    afterAll(() => slow.close());

    it('of a tenant', async () => {
      await create('remote');
      expect(await bySlug('remote', slow)).toMatchObject({ status: 'active' });
      await app.tenants.suspend('remote');
      await until(
        'it is suspended',
        async () => (await bySlug('remote', slow))?.status === 'suspended',
      );
    });

    it('of a host that went to another tenant, although the first one is in use all the time', async () => {
      await create('giver', 'given.example');
      const { id } = await create('taker');
      expect(await byHost('given.example', slow)).toMatchObject({ slug: 'giver' });
      await app.tenants.removeDomain('giver', 'given.example');
      await app.tenants.addDomain('taker', 'given.example');
      await until('the host leads to the other tenant', async () => {
        await bySlug('giver', slow);
        return (await byHost('given.example', slow))?.id === id;
      });
    });
  });

  describe('a write of this process is seen at once:', () => {
    /** Everything that leads to a tenant is in memory before the write. */
    const known = async (slug: string) => {
      const tenant = await create(slug, `${slug}.example`);
      await Promise.all([byId(tenant.id), bySlug(slug), byHost(`${slug}.example`)]);
      expect(byHost(`${slug}.example`)).toMatchObject({ slug });
      return tenant;
    };

    it('a changed slug, and the old one leads nowhere', async () => {
      const { id } = await known('old-slug');
      await app.tenants.update('old-slug', { slug: 'new-slug' });
      expect(await bySlug('old-slug')).toBeNull();
      expect(await bySlug('new-slug')).toMatchObject({ id });
      expect(await byHost('old-slug.example')).toMatchObject({ slug: 'new-slug' });
      const { id: other } = await app.tenants.create({
        slug: 'old-slug',
        database: `${setup.databasePrefix}other`,
      });
      expect(await bySlug('old-slug')).toMatchObject({ id: other });
    });

    it('slugs that two tenants have exchanged', async () => {
      const { id: one } = await known('swap-one');
      const { id: two } = await known('swap-two');
      await app.tenants.update(one, { slug: 'swap-tmp' });
      await app.tenants.update(two, { slug: 'swap-one' });
      await app.tenants.update(one, { slug: 'swap-two' });
      expect(await bySlug('swap-one')).toMatchObject({ id: two });
      expect(await bySlug('swap-two')).toMatchObject({ id: one });
    });

    it('name, settings and status', async () => {
      const { id } = await known('changed');
      await app.tenants.update(id, { name: 'New', settings: { new: true } });
      expect(await byId(id)).toMatchObject({ name: 'New', settings: { new: true } });
      for (const verb of ['suspend', 'block', 'activate'] as const) {
        const { status } = await app.tenants[verb](id);
        for (const found of [
          await byId(id),
          await bySlug('changed'),
          await byHost('changed.example'),
        ]) {
          expect(found).toMatchObject({ status });
        }
      }
    });

    it('a removed host leads nowhere, and then to whom it is given', async () => {
      await known('from');
      const { id } = await known('to');
      await app.tenants.removeDomain('from', 'from.example');
      // The tenant itself is known again before anybody asks for the host.
      expect(await bySlug('from')).toMatchObject({ slug: 'from' });
      expect(await byHost('from.example')).toBeNull();
      await app.tenants.addDomain('to', 'from.example');
      expect(await byHost('from.example')).toMatchObject({ id });
    });

    it('a deleted tenant is gone, and back when it is restored', async () => {
      const { id } = await known('phoenix');
      await app.tenants.delete(id, { confirm: 'phoenix' });
      expect(await Promise.all([byId(id), bySlug('phoenix'), byHost('phoenix.example')])).toEqual([
        null,
        null,
        null,
      ]);
      await app.tenants.restore(id);
      for (const found of [
        await byId(id),
        await bySlug('phoenix'),
        await byHost('phoenix.example'),
      ]) {
        // Of a new generation: what was made for the data before, such as a session, is stale.
        expect(found).toMatchObject({ id, status: 'active', generation: 2 });
      }
    });

    type Writes = Record<string, (tenant: Tenant, host: string) => Promise<unknown>>;
    const RENAMINGS: Writes = {
      'repository.save': async ({ id }) => {
        const loaded = await tenants.findOneByOrFail({ id });
        await tenants.save(Object.assign(loaded, { name: 'Written' }));
      },
      'repository.update': ({ id }) => tenants.update(id, { name: 'Written' }),
      'repository.upsert': ({ domains: _domains, ...row }) =>
        tenants.upsert({ ...row, name: 'Written' } as QueryDeepPartialEntity<Tenant>, ['id']),
      'a query builder': ({ slug }) =>
        tenants.createQueryBuilder().update().set({ name: 'Written' }).where({ slug }).execute(),
      'the manager of a query runner': async ({ id }) => {
        const queryRunner = app.central.createQueryRunner();
        await queryRunner.startTransaction();
        await queryRunner.manager.update(Tenant, { id }, { name: 'Written' });
        await queryRunner.commitTransaction();
        await queryRunner.release();
      },
    };
    it.each(Object.keys(RENAMINGS))('a tenant written by %s', async (way) => {
      const slug = `by-${way.toLowerCase().replaceAll(/[^a-z]/g, '-')}`;
      const tenant = await known(slug);
      await RENAMINGS[way](tenant, `${slug}.example`);
      for (const found of [
        await byId(tenant.id),
        await bySlug(slug),
        await byHost(`${slug}.example`),
      ]) {
        expect(found).toMatchObject({ name: 'Written' });
      }
    });

    const REMOVALS: Writes = {
      'domains.remove': async (_tenant, host) =>
        domains.remove(await domains.findOneByOrFail({ host })),
      'domains.delete': (_tenant, host) => domains.delete(host),
      'a query builder over domains': (_tenant, host) =>
        domains.createQueryBuilder().delete().where({ host }).execute(),
      'tenants.remove': async ({ id }) => tenants.remove(await tenants.findOneByOrFail({ id })),
      'tenants.delete': ({ id }) => tenants.delete(id),
    };
    it.each(Object.keys(REMOVALS))('a host removed by %s', async (way) => {
      const slug = `off-${way.toLowerCase().replaceAll(/[^a-z]/g, '-')}`;
      const tenant = await known(slug);
      await REMOVALS[way](tenant, `${slug}.example`);
      expect(await byHost(`${slug}.example`)).toBeNull();
      const survives = way.startsWith('tenants') ? null : slug;
      expect((await bySlug(slug))?.slug ?? null).toBe(survives);
    });

    it('a host that the app gives to another tenant, and one that it adds', async () => {
      await known('app-from');
      const { id } = await known('app-to');
      expect(await byHost('added.example')).toBeNull();
      await domains.update('app-from.example', { tenantId: id, primaryOf: null });
      await domains.save(domains.create({ host: 'added.example', tenantId: id, primaryOf: null }));
      expect(await byHost('app-from.example')).toMatchObject({ id });
      expect(await byHost('added.example')).toMatchObject({ id });
    });
  });

  describe('a write in a transaction', () => {
    const rename = (manager: Repository<Tenant>['manager'], slug: string) =>
      manager.update(Tenant, { slug }, { name: 'Written' });
    const nameOf = async (slug: string) => (await bySlug(slug))?.name;

    it('is seen after the commit, and not before', async () => {
      await create('committed');
      await app.central.transaction(async (manager) => {
        await rename(manager, 'committed');
        expect(await nameOf('committed')).toBe('committed');
      });
      expect(await nameOf('committed')).toBe('Written');
    });

    it('is seen after the commit also when a nested one wrote', async () => {
      await create('nested');
      await app.central.transaction(async (manager) => {
        await manager.transaction((inner) => rename(inner, 'nested'));
        expect(await nameOf('nested')).toBe('nested');
      });
      expect(await nameOf('nested')).toBe('Written');
    });

    it('that is rolled back is never seen', async () => {
      await create('rolled-back');
      const transaction = app.central.transaction(async (manager) => {
        await rename(manager, 'rolled-back');
        throw new Error('changed my mind');
      });
      await expect(transaction).rejects.toThrow('changed my mind');
      expect(await nameOf('rolled-back')).toBe('rolled-back');
    });
  });

  describe('what was read before a write', () => {
    const WRITES: Record<string, (slug: string) => Promise<unknown>> = {
      TenantService: (slug) => app.tenants.suspend(slug),
      'the app’s repository': (slug) => tenants.update({ slug }, { status: 'suspended' }),
    };

    it.each(Object.keys(WRITES))(
      'of %s is neither handed to who asks after it, nor remembered',
      async (writer) => {
        const slug = `stale-${Object.keys(WRITES).indexOf(writer)}`;
        await create(slug);
        let release = () => {};
        const held = new Promise<void>((reached) => {
          Watch.hold = { held: reached, until: new Promise((open) => (release = open)) };
        });
        const before = bySlug(slug);
        await held;
        await WRITES[writer](slug);
        expect(await bySlug(slug)).toMatchObject({ status: 'suspended' });
        release();
        expect(await before).toMatchObject({ status: 'active' });
        expect(bySlug(slug)).toMatchObject({ status: 'suspended' });
      },
    );
  });

  it('says when a reference leads nowhere', async () => {
    await expect(app.registry.byReference('nobody')).rejects.toMatchObject({
      code: 'TENANT_NOT_FOUND',
    });
  });

  it('lists every tenant that is not deleted, page by page', async () => {
    const slugs: string[] = [];
    for await (const tenant of app.registry.all()) slugs.push(tenant.slug);
    expect(slugs.toSorted()).toEqual(
      (await app.tenants.list({ limit: 1000 })).tenants.map(({ slug }) => slug),
    );
    expect(new Set(slugs).size).toBe(slugs.length);
  });
});
