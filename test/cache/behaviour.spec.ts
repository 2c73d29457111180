import { Logger } from '@nestjs/common';
import { RedisConnections } from '../../lib/redis/redis-connections.js';
import { Signals } from '../../lib/redis/signals.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { codeOf } from '../support/rejection.js';
import { until } from '../support/until.js';
import { startCacheApp, type CacheApp, type CacheAppParts } from './cache-app.js';

const [engine] = engines;
let setup: EngineSetup;
let redis: RedisServer;
let apps: CacheApp[] = [];
const start = async (parts: CacheAppParts = {}) => {
  const app = await startCacheApp(setup, parts);
  apps.push(app);
  return app;
};
beforeAll(async () => {
  [setup, redis] = await Promise.all([engine!.prepare(), startRedis()]);
});
afterEach(async () => {
  for (const app of apps) await app.close();
  apps = [];
});
afterAll(async () => {
  await redis.stop();
  await setup.cleanUp();
});

it('counts what is found and what is not', async () => {
  const { cache, inA, inB } = await start();
  await inA(async () => {
    await cache.get('k'); // missed
    await cache.wrap('k', () => 1); // missed
    await cache.get('k'); // hit
    await cache.wrap('k', () => 2); // hit
    await cache.mget(['k', 'x', 'y']); // hit, missed twice
  });
  await inB(() => cache.get('k')); // missed
  expect(cache.stats()).toEqual({ hits: 3, misses: 5, hitRate: 3 / 8, failures: 0 });
});

it('makes a value once, however many ask; for each tenant', async () => {
  const { cache, inA, inB } = await start();
  let made = 0;
  const make = async () => {
    made += 1;
    await new Promise((resolve) => setImmediate(resolve));
    return made;
  };
  const ask = () => Promise.all(Array.from({ length: 100 }, () => cache.wrap('k', make)));
  const [ofA, ofB] = await Promise.all([inA(ask), inB(ask)]);
  expect(made).toBe(2);
  expect(new Set(ofA).size).toBe(1);
  expect(new Set(ofB).size).toBe(1);
});

it('tells all who wait of a failure, and keeps nothing of it; but not that another gave up', async () => {
  const { cache, inA } = await start();
  const fail = async () => {
    throw Object.assign(new Error('no'), { code: 'BROKEN' });
  };
  const both = await inA(() =>
    Promise.all([codeOf(() => cache.wrap('k', fail)), codeOf(() => cache.wrap('k', fail))]),
  );
  expect(both).toEqual(['BROKEN', 'BROKEN']);
  const giveUp = async () => {
    throw Object.assign(new Error('gone'), { code: 'LEASE_ABORTED' });
  };
  const outcomes = await inA(() =>
    Promise.all([codeOf(() => cache.wrap('k', giveUp)), cache.wrap('k', () => 'made')]),
  );
  expect(outcomes).toEqual(['LEASE_ABORTED', 'made']);
});

it('refreshes in the background what is about to end, as cache-manager does', async () => {
  const { cache, inA } = await start();
  let made = 0;
  const wrap = (refreshThreshold: number) =>
    inA(() => cache.wrap('k', () => (made += 1), { ttl: 60_000, refreshThreshold }));
  const refreshed: unknown[] = [];
  cache.on('refresh', (event) => refreshed.push(event));
  expect(await wrap(1)).toBe(1);
  expect(await wrap(1)).toBe(1);
  expect(await wrap(60_001)).toBe(1);
  await until('it is made anew', async () => (await inA(() => cache.get('k'))) === 2);
  const raw = await inA(() => cache.wrap('k', () => 0, { raw: true }));
  expect(raw.value).toBe(2);
  expect(raw.expires).toBeGreaterThan(Date.now());
  expect(refreshed).toEqual([{ key: 'k', value: 2 }]);
});

it('logs what a listener of a refresh throws, which would else end the process', async () => {
  const { cache, inA } = await start();
  const log = jest.spyOn(Logger.prototype, 'error').mockImplementation();
  cache.on('refresh', () => {
    throw new Error('of a listener');
  });
  const wrap = () => cache.wrap('k', () => 1, { ttl: 60_000, refreshThreshold: 60_001 });
  await inA(wrap);
  await inA(wrap);
  await until('it is logged', () => log.mock.calls.length > 0);
  expect(log.mock.calls[0]![1]).toContain('of a listener');
  log.mockRestore();
});

it('tells a tenant’s listener of the tenant’s own alone', async () => {
  const { cache, inA, inB } = await start();
  const heard: unknown[] = [];
  const listener = ({ value }: { value?: unknown }) => void heard.push(value);
  await inA(async () => cache.on('set', listener));
  await inB(() => cache.set('k', 'of b'));
  await inA(() => cache.set('k', 'of a'));
  expect(heard).toEqual(['of a']);
  cache.off('set', listener);
  await inA(() => cache.set('k', 'of a'));
  expect(heard).toHaveLength(1);
});

it('tells it so, too, when it was added to what on() gives, or for one time', async () => {
  const { cache, inA, inB } = await start();
  const heard: unknown[] = [];
  const listener = ({ value }: { value?: unknown }) => void heard.push(value);
  await inA(async () => {
    const events = cache.on('del', () => {});
    events.on('set', listener).addListener('set', listener).prependListener('set', listener);
    events.once('set', listener).prependOnceListener('set', listener);
  });
  await inB(() => cache.set('k', 'of b'));
  expect(heard).toEqual([]);
  for (const value of [1, 2]) await inA(() => cache.set('k', value));
  expect(heard).toEqual([1, 1, 1, 1, 1, 2, 2, 2]);
});

describe('two processes with memory in front of Redis', () => {
  const startTwo = (staleness?: number) => {
    const parts = () => ({
      redis: { url: redis.url, timeout: 500 },
      cache: { memoryInFront: true, ...(staleness !== undefined && { staleness }) },
    });
    return start(parts()).then(async (one) => [one, await start(parts())] as const);
  };

  it('see each other’s writes within 100 ms', async () => {
    const [one, other] = await startTwo(600_000);
    const delays: number[] = [];
    const seen = async (value: unknown) => {
      const written = performance.now();
      while ((await other.inA(() => other.cache.get('k'))) !== value) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      delays.push(performance.now() - written);
    };
    for (let value = 1; value <= 20; value += 1) {
      await one.inA(() => one.cache.set('k', value));
      await seen(value);
    }
    await one.inA(() => one.cache.del('k'));
    await seen(undefined);
    await other.inA(() => other.cache.tags('t').set('k', 'tagged'));
    await seen('tagged');
    await one.inA(() => one.cache.tags('t').flush());
    await seen(undefined);
    await other.inA(() => other.cache.set('k', 'again'));
    await seen('again');
    await one.inA(() => one.cache.clear());
    await seen(undefined);
    // The median, because a machine that is busy with other tests makes one of them late by itself.
    expect(delays.toSorted((a, b) => a - b)[Math.floor(delays.length / 2)]).toBeLessThan(100);
  });

  it('see them after the bound when no word of them gets through', async () => {
    const [one, other] = await startTwo(300);
    let heard = false;
    other.context.get(Signals).on('marker', { receive: () => (heard = true), missed: () => {} });
    await one.inA(() => one.cache.set('k', 1));
    // Signals keep their order: with this one, that of the write has come through.
    await until('the write is known', async () => {
      await one.context.get(Signals).publish('marker', null);
      return heard;
    });
    const permit = (what: string) =>
      one.context.get(RedisConnections).command('ACL', 'SETUSER', 'default', what);
    await permit('-publish');
    expect(await other.inA(() => other.cache.get('k'))).toBe(1);
    const read = performance.now();
    await one.inA(() => one.cache.set('k', 2));
    expect(await other.inA(() => other.cache.get('k'))).toBe(1);
    await until('it is seen', async () => (await other.inA(() => other.cache.get('k'))) === 2);
    expect(performance.now() - read).toBeLessThan(500);
    await permit('+publish');
  });
});

it('asks Redis once for what many keys and their tags have, whatever is in front', async () => {
  for (const memoryInFront of [false, true]) {
    const { cache, context, inA } = await start({
      redis: { url: redis.url },
      cache: { memoryInFront },
    });
    const connection = context.get(RedisConnections);
    const reads = async () => {
      const stats = String(await connection.command('INFO', 'commandstats'));
      return [...stats.matchAll(/cmdstat_m?get:calls=(\d+)/g)].reduce(
        (sum, [, calls]) => sum + Number(calls),
        0,
      );
    };
    const keys = Array.from({ length: 20 }, (_, n) => `many:${n}`);
    await inA(async () => {
      for (const key of keys) await cache.tags('t', 'u').set(key, key);
      await cache.clear();
      for (const key of keys) await cache.tags('t', 'u').set(key, key);
      const before = await reads();
      expect(await cache.mget(['none', ...keys, ...keys])).toEqual([undefined, ...keys, ...keys]);
      // The entries, and the versions of their tags, which may be in front.
      expect((await reads()) - before).toBeLessThanOrEqual(2);
    });
  }
});

describe('when Redis is killed', () => {
  const unhandled = jest.fn();
  beforeAll(() => void process.on('unhandledRejection', unhandled));
  afterAll(() => void process.off('unhandledRejection', unhandled));
  const whileDown = async (work: () => Promise<void>) => {
    await redis.kill();
    try {
      await work();
    } finally {
      await redis.restart();
    }
    expect(unhandled).not.toHaveBeenCalled();
  };
  const comesBack = async ({ cache, inA }: CacheApp) => {
    await until('it is back', async () => {
      await inA(() => cache.set('k', 'back')).catch(() => undefined);
      return (await inA(() => cache.get('k')).catch(() => undefined)) === 'back';
    });
  };

  it('goes on without a cache, and has one again by itself', async () => {
    const app = await start({ redis: { url: redis.url } });
    const { cache, inA } = app;
    await inA(() => cache.set('k', 1));
    await whileDown(async () => {
      expect(await inA(() => cache.get('k'))).toBeUndefined();
      expect(await inA(() => cache.set('k', 2))).toBe(2);
      expect(await inA(() => cache.wrap('k', () => 3))).toBe(3);
      expect(await inA(() => cache.tags('t').wrap('k', () => 4))).toBe(4);
      // What it should have deleted would be served later.
      expect(await codeOf(() => inA(() => cache.del('k')))).toBe('REDIS_UNAVAILABLE');
      expect(await codeOf(() => inA(() => cache.tags('t').flush()))).toBe('REDIS_UNAVAILABLE');
    });
    expect(cache.stats().failures).toBeGreaterThan(0);
    await comesBack(app);
  });

  it('fails where that is wanted, and is back by itself', async () => {
    const app = await start({ redis: { url: redis.url }, cache: { onFailure: 'fail' } });
    const { cache, inA } = app;
    await inA(() => cache.set('k', 1));
    await whileDown(async () => {
      for (const work of [
        () => cache.get('k'),
        () => cache.set('k', 2),
        () => cache.wrap('k', () => 3),
      ]) {
        expect(await codeOf(() => inA<unknown>(work))).toBe('REDIS_UNAVAILABLE');
      }
    });
    await comesBack(app);
  });
});

it.each<[string, CacheAppParts['cache'] & object, RegExp]>([
  ['Redis that is not there', { store: 'redis' }, /TENANCY_REDIS_URL/],
  ['memory in front of memory', { memoryInFront: true }, /memoryInFront/],
  ['an option that there is not', { stor: 'redis' } as object, /Did you mean "store"/],
  ['a time that is none', { ttl: -1 }, /ttl must be/],
])('refuses %s', async (_what, cache, message) => {
  await expect(start({ cache })).rejects.toThrow(message);
});
