import { TypeOrmModule } from '@nestjs/typeorm';
import { Redis } from 'ioredis';
import type { DataSource, Repository } from 'typeorm';
import { createTenants, startApp, type TestApp } from '../support/app.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { Person, PROJECT_ENTITIES, Team } from '../support/projects.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { codeOf } from '../support/rejection.js';

const LONG = 600_000;

describe.each(engines)('on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: TestApp;
  let teams: Repository<Team>;
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  const start = async (cache: NonNullable<DataSource['options']['cache']>) => {
    setup = await prepare();
    app = await startApp(setup, {
      imports: [TypeOrmModule.forFeature(PROJECT_ENTITIES)],
      maxConnections: 4,
      tenants: { typeorm: { cache } },
    });
    teams = app.dataSource.getRepository(Team);
    await createTenants(app, ['a', 'b']);
    for (const marker of ['a', 'b']) {
      await app.tenancy.run(marker, () => teams.insert({ id: 1, marker }));
    }
  };
  const stop = async () => {
    await app.close();
    await setup.cleanUp();
  };
  /** Changes the rows past the cache. */
  const change = (tenant: string, marker: string) =>
    app.tenancy.run(tenant, () => teams.update({ id: 1 }, { marker }));
  const cached = (id?: string) => teams.find({ cache: id ? { id, milliseconds: LONG } : LONG });
  const cachedAt = async (dataSource: DataSource) =>
    dataSource.getRepository(Team).find({ cache: { id: 'teams', milliseconds: LONG } });

  describe.each([
    ['in the database', () => true as const],
    [
      'in Redis',
      () => ({ type: 'ioredis' as const, options: { host: redis.host, port: redis.port } }),
    ],
  ])('%s', (where, options) => {
    beforeAll(() => start(options()));
    afterAll(stop);
    afterEach(async () => {
      for (const name of ['a', 'b']) {
        await change(name, name);
        const { queryResultCache } = app.dataSource;
        await app.tenancy.run(name, () => queryResultCache!.remove(['teams', 'others']));
      }
    });

    it.each([
      ['by its text', undefined],
      ['by an id', 'teams'],
    ])('keeps the same query of two tenants apart, %s', async (_how, id) => {
      const find = () => cached(id);
      expect(await app.tenancy.run('a', find)).toMatchObject([{ marker: 'a' }]);
      expect(await app.tenancy.run('b', find)).toMatchObject([{ marker: 'b' }]);
      await change('a', 'a changed');
      await change('b', 'b changed');
      expect(await app.tenancy.run('a', find)).toMatchObject([{ marker: 'a' }]);
      expect(await app.tenancy.run('b', find)).toMatchObject([{ marker: 'b' }]);
    });

    it('removes by id for the one tenant alone', async () => {
      for (const name of ['a', 'b']) await app.tenancy.run(name, () => cached('teams'));
      await change('a', 'a changed');
      await change('b', 'b changed');
      await app.tenancy.run('a', () => app.dataSource.queryResultCache!.remove(['teams']));
      const find = () => cached('teams');
      expect(await app.tenancy.run('a', find)).toMatchObject([{ marker: 'a changed' }]);
      expect(await app.tenancy.run('b', find)).toMatchObject([{ marker: 'b' }]);
    });

    it('a pinned DataSource uses the entries of its tenant, wherever it is used', async () => {
      const pinned = app.pools.dataSource(await app.tenants.get('a'));
      const find = () => cachedAt(pinned);
      expect(await app.tenancy.run('b', find)).toMatchObject([{ marker: 'a' }]);
      await change('a', 'a changed');
      expect(await find()).toMatchObject([{ marker: 'a' }]);
      expect(await app.tenancy.run('a', () => cached('teams'))).toMatchObject([{ marker: 'a' }]);
      expect(await app.tenancy.run('b', () => cached('teams'))).toMatchObject([{ marker: 'b' }]);
      await app.tenancy.run('b', () => pinned.queryResultCache!.remove(['teams']));
      expect(await find()).toMatchObject([{ marker: 'a changed' }]);
    });

    it('works inside a transaction', async () => {
      const find = () =>
        app.dataSource.transaction((manager) =>
          manager.find(Person, { cache: { id: 'others', milliseconds: LONG } }),
        );
      expect(await app.tenancy.run('a', find)).toEqual([]);
      await app.tenancy.run('a', () =>
        app.dataSource.manager.insert(Person, { id: 1, marker: 'a' }),
      );
      expect(await app.tenancy.run('a', find)).toEqual([]);
      expect(await app.tenancy.run('b', find)).toEqual([]);
      await app.tenancy.run('a', () => app.dataSource.manager.delete(Person, { id: 1 }));
    });

    if (where === 'in the database') {
      it('is cleared for the one tenant alone', async () => {
        for (const name of ['a', 'b']) await app.tenancy.run(name, () => cached('teams'));
        await change('a', 'a changed');
        await change('b', 'b changed');
        await app.tenancy.run('a', () => app.dataSource.queryResultCache!.clear());
        const find = () => cached('teams');
        expect(await app.tenancy.run('a', find)).toMatchObject([{ marker: 'a changed' }]);
        expect(await app.tenancy.run('b', find)).toMatchObject([{ marker: 'b' }]);
      });
    } else {
      it('refuses to be cleared, because that would be for every tenant', async () => {
        await app.tenancy.run('b', () => cached('teams'));
        const clear = () => app.tenancy.run('a', () => app.dataSource.queryResultCache!.clear());
        expect(await codeOf(clear)).toBe('QUERY_CACHE_CLEAR_REFUSED');
        await change('b', 'b changed');
        const find = () => cached('teams');
        expect(await app.tenancy.run('b', find)).toMatchObject([{ marker: 'b' }]);
      });

      it('has every key under the tenant that it belongs to', async () => {
        const client = new Redis(redis.port, redis.host);
        try {
          await app.tenancy.run('a', () => cached());
          await app.tenancy.run('b', () => cached('teams'));
          const keys = await client.keys('*');
          const ofTenant = new RegExp(`^main/${setup.databasePrefix}[ab]:`);
          expect(keys.length).toBeGreaterThan(1);
          expect(keys.filter((key) => !ofTenant.test(key))).toEqual([]);
        } finally {
          await client.quit();
        }
      });
    }
  });
});
