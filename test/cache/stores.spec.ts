import { Keyv } from 'keyv';
import { RedisConnections } from '../../lib/redis/redis-connections.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { codeOf } from '../support/rejection.js';
import { until } from '../support/until.js';
import { startCacheApp, type CacheApp, type CacheAppParts } from './cache-app.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** Each way to keep entries, made when its app starts. */
const WAYS: readonly (readonly [string, () => CacheAppParts])[] = [
  ['memory', () => ({ cache: { store: 'memory' } })],
  ['Redis', () => ({ redis: { url: redis.url } })],
  [
    'memory in front of Redis',
    () => ({ redis: { url: redis.url }, cache: { memoryInFront: true } }),
  ],
  ['a store of Keyv', () => ({ cache: { store: new Keyv() } })],
  ['the tenant’s table', () => ({ cache: { store: 'database' } })],
  ['memory in front of the table', () => ({ cache: { store: 'database', memoryInFront: true } })],
];

describe.each(engines)('a cache on $name', ({ prepare }) => {
  describe.each(WAYS)('in %s', (_way, parts) => {
    let setup: EngineSetup;
    let app: CacheApp;
    beforeAll(async () => {
      setup = await prepare();
      app = await startCacheApp(setup, parts());
    });
    afterAll(async () => {
      await app.close();
      await setup.cleanUp();
    });
    beforeEach(async () => {
      await app.inA(() => app.cache.clear());
      await app.inB(() => app.cache.clear());
    });

    it('keeps what each tenant has under the same key apart', async () => {
      const { cache, inA, inB } = app;
      await inA(() => cache.set('k', { of: 'a' }));
      expect(await inB(() => cache.get('k'))).toBeUndefined();
      await inB(() => cache.set('k', { of: 'b' }));
      await app.centralCache.set('k', 'central');
      expect(await inA(() => cache.get('k'))).toEqual({ of: 'a' });
      expect(await inB(() => cache.mget(['k', 'x']))).toEqual([{ of: 'b' }, undefined]);
      expect(await inA(() => cache.wrap('k', () => 'made'))).toEqual({ of: 'a' });
      await inA(() => cache.del('k'));
      expect(await inA(() => cache.get('k'))).toBeUndefined();
      expect(await inB(() => cache.get('k'))).toEqual({ of: 'b' });
      expect(await app.centralCache.get('k')).toBe('central');
    });

    it('is emptied for one tenant alone', async () => {
      const { cache, inA, inB } = app;
      const entries = ['x', 'y', 'z'].map((key) => ({ key, value: key }));
      await inA(() => cache.mset(entries));
      await inB(() => cache.mset(entries));
      await app.centralCache.set('x', 'central');
      await inA(() => cache.clear());
      expect(await inA(() => cache.mget(['x', 'y', 'z']))).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect(await inB(() => cache.mget(['x', 'y', 'z']))).toEqual(['x', 'y', 'z']);
      expect(await app.centralCache.get('x')).toBe('central');
    });

    it('has its keys set and deleted by many at once', async () => {
      const { cache, inA } = app;
      const keys = ['x', 'y', 'z'];
      const setAndDelete = async (writer: number) => {
        for (let time = 0; time < 20; time += 1) {
          const key = keys[(writer + time) % keys.length]!;
          await cache.set(key, writer);
          if (time % 2 === 0) await cache.del(key);
        }
        await cache.mset(keys.map((key) => ({ key, value: 'done' })));
      };
      await inA(() => Promise.all(Array.from({ length: 12 }, (_, writer) => setAndDelete(writer))));
      await inA(() => setAndDelete(0));
      expect(await inA(() => cache.mget(keys))).toEqual(['done', 'done', 'done']);
    });

    it('refuses whoever is no tenant', async () => {
      const { cache } = app;
      const refused = 'TENANT_CONTEXT_MISSING';
      expect(await codeOf(() => cache.get('k'))).toBe(refused);
      expect(await codeOf(() => cache.set('k', 1))).toBe(refused);
      expect(await codeOf(() => cache.mget(['k']))).toBe(refused);
      expect(await codeOf(() => cache.mset([{ key: 'k', value: 1 }]))).toBe(refused);
      expect(await codeOf(() => cache.del('k'))).toBe(refused);
      expect(await codeOf(() => cache.clear())).toBe(refused);
      expect(await codeOf(() => cache.ttl('k'))).toBe(refused);
      expect(await codeOf(() => cache.wrap('k', () => 1))).toBe(refused);
      expect(await codeOf(() => cache.tags('t').set('k', 1))).toBe(refused);
      expect(await codeOf(() => cache.tags('t').flush())).toBe(refused);
      expect(cache.stores).toEqual([]);
    });

    it('tells apart keys that collations do not, and keys of any length', async () => {
      const { cache, inA } = app;
      const long = 'x'.repeat(400);
      const keys = ['key', 'KEY', 'kéy', 'key ', 'key*', 'k[e]y', '', long, `${long}y`, '🔑'];
      await inA(() => cache.mset(keys.map((key, index) => ({ key, value: index }))));
      expect(await inA(() => cache.mget(keys))).toEqual(keys.map((_key, index) => index));
      await inA(() => cache.mdel(['KEY', `${long}y`]));
      expect(await inA(() => cache.mget(['key', 'KEY', long, `${long}y`]))).toEqual([
        0,
        undefined,
        7,
        undefined,
      ]);
    });

    it('keeps null, false, and nothing for undefined; and gives copies', async () => {
      const { cache, inA } = app;
      const given = { list: [1] };
      await inA(() =>
        cache.mset<unknown>([
          { key: 'null', value: null },
          { key: 'false', value: false },
          { key: 'given', value: given },
        ]),
      );
      given.list.push(2);
      expect(await inA(() => cache.mget(['null', 'false', 'given']))).toEqual([
        null,
        false,
        { list: [1] },
      ]);
      await inA(() => cache.set('null', undefined));
      expect(await inA(() => cache.get('null'))).toBeUndefined();
    });

    it('ends when it is told to', async () => {
      const { cache, inA } = app;
      await inA(() => cache.set('short', 1, 30));
      await inA(() => cache.set('long', 1, 60_000));
      const ends = await inA(() => cache.ttl('long'));
      expect(ends! - Date.now()).toBeGreaterThan(50_000);
      await until('it is over', async () => (await inA(() => cache.get('short'))) === undefined);
      expect(await inA(() => cache.get('long'))).toBe(1);
    });

    it.each([-1, NaN])('keeps nothing for a time that is over already: %d', async (ttl) => {
      const { cache, inA } = app;
      await inA(() => cache.set('k', 'before'));
      await inA(() => cache.set('k', 'token', ttl));
      expect(await inA(() => cache.get('k'))).toBeUndefined();
      expect(await inA(() => cache.wrap('k', () => 'made', { ttl: () => ttl }))).toBe('made');
      expect(await inA(() => cache.get('k'))).toBeUndefined();
    });

    it('keeps without end what is to have none', async () => {
      const { cache, inA } = app;
      await inA(() => cache.set('k', 'kept', Infinity));
      expect(await inA(() => cache.get('k'))).toBe('kept');
      expect(await inA(() => cache.ttl('k'))).toBeUndefined();
    });

    it('flushes a tag of one tenant, whatever has it', async () => {
      const { cache, inA, inB } = app;
      const all = async () => {
        await cache.tags('projects').set('list', 1);
        await cache.tags('projects', 'users').set('both', 2);
        await cache.tags('users').set('users', 3);
        await cache.set('plain', 4);
      };
      await inA(all);
      await inB(all);
      await inA(() => cache.tags('projects').flush());
      const keys = ['list', 'both', 'users', 'plain'];
      expect(await inA(() => cache.mget(keys))).toEqual([undefined, undefined, 3, 4]);
      expect(await inB(() => cache.mget(keys))).toEqual([1, 2, 3, 4]);
      expect(await inA(() => cache.tags('projects').wrap('list', () => 'new'))).toBe('new');
      expect(await inA(() => cache.get('list'))).toBe('new');
    });

    it('does not keep as new what a tag was flushed for while it was made', async () => {
      const { cache, inA } = app;
      const tagged = cache.tags('projects');
      const made = await inA(() =>
        tagged.wrap('list', async () => {
          await tagged.flush();
          return 'of before';
        }),
      );
      expect(made).toBe('of before');
      expect(await inA(() => cache.get('list'))).toBeUndefined();
    });
  });
});

it('in Redis touches the keys of one of 1,000 tenants only', async () => {
  const [engine] = engines;
  const setup = await engine!.prepare();
  const app = await startCacheApp(setup, { redis: { url: redis.url } });
  const connection = app.context.get(RedisConnections);
  const others: string[] = ['foreign', 'tenancy:other'];
  for (let tenant = 0; tenant < 1_000; tenant += 1) {
    others.push(connection.key(`cache:${crypto.randomUUID()}.0:key:k`));
  }
  await connection.command('MSET', ...others.flatMap((key) => [key, '1']));
  const keys = async () => ((await connection.command('KEYS', '*')) as string[]).toSorted();
  const before = await keys();
  await app.inA(async () => {
    await app.cache.mset(Array.from({ length: 2_500 }, (_, n) => ({ key: `k${n}`, value: n })));
    await app.cache.tags('t').set('tagged', 1);
  });
  expect((await keys()).length).toBe(before.length + 2_502);
  const beforeFlush = await keys();
  await app.inA(() => app.cache.tags('t').flush());
  expect(await keys()).toEqual(beforeFlush);
  await app.inA(() => app.cache.clear());
  expect(await keys()).toEqual(before);
  await app.close();
  await setup.cleanUp();
});
