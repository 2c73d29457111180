import { setImmediate as turn } from 'node:timers/promises';
import { CacheLocks } from '../../lib/cache/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { codeOf } from '../support/rejection.js';
import { until } from '../support/until.js';
import { startCacheApp, type CacheApp } from './cache-app.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

describe.each(engines)('locks on $name', ({ prepare }) => {
  describe.each(['Redis', 'the tenant’s table'])('in %s', (where) => {
    let setup: EngineSetup;
    let app: CacheApp;
    let locks: CacheLocks;
    beforeAll(async () => {
      setup = await prepare();
      app = await startCacheApp(setup, {
        cache: { store: 'memory' },
        ...(where === 'Redis' && { redis: { url: redis.url } }),
      });
      locks = app.context.get(CacheLocks);
    });
    afterAll(async () => {
      await app.close();
      await setup.cleanUp();
    });

    it('are held by one of many, for each tenant', async () => {
      const all = await app.inA(() =>
        Promise.all(Array.from({ length: 8 }, () => locks.acquire('import', 60_000))),
      );
      const held = all.filter((lock) => lock !== undefined);
      expect(held).toHaveLength(1);
      const inB = await app.inB(() => locks.acquire('import', 60_000));
      expect(inB).toBeDefined();
      expect(await app.inA(() => held[0]!.release())).toBe(true);
      expect(await app.inA(() => locks.acquire('import', 60_000))).toBeDefined();
    });

    it('are had or not, however many take them and give them back at once', async () => {
      let held = 0;
      const takeAndGiveBack = async () => {
        for (let time = 0; time < 20; time += 1) {
          const lock = await locks.acquire('churn', 60_000);
          if (lock === undefined) continue;
          held += 1;
          await turn();
          expect(held).toBe(1);
          held -= 1;
          expect(await lock.release()).toBe(true);
        }
      };
      await app.inA(() => Promise.all(Array.from({ length: 8 }, takeAndGiveBack)));
    });

    it('end by themselves, and are not given back by who has lost them', async () => {
      const first = await app.inA(() => locks.acquire('sync', 100));
      expect(first).toBeDefined();
      let second: typeof first;
      await until('it has ended', async () => {
        second = await app.inA(() => locks.acquire('sync', 60_000));
        return second !== undefined;
      });
      expect(await app.inA(() => first!.release())).toBe(false);
      expect(await app.inA(() => locks.acquire('sync', 60_000))).toBeUndefined();
      expect(await app.inA(() => second!.release())).toBe(true);
    });

    it('need a tenant', async () => {
      expect(await codeOf(() => locks.acquire('import', 1))).toBe('TENANT_CONTEXT_MISSING');
    });
  });
});
