/**
 * `npm run bench:cache`: the tenant-bound cache beside plain `cache-manager`, on the same store, in one process.
 *
 * What is measured:
 * - `get` of what is there and `wrap` of what is there, in memory and in Redis (where both go through
 *   `cache-manager-redis-yet`), one after the other. A round is a batch of each, the one right after the other, in an
 *   order that changes every round; the figure is the median of the rounds' ratios.
 * - the invalidation of a tag that 100,000 keys in Redis have: the median of 50 flushes.
 * - the hit rate of `wrap` in memory on a load that follows Zipf's law: 100,000 reads of 10 tenants in turn, of 1,000 keys
 *   each, where the n-th most wanted key is asked for 1/n times as often as the first; 10,000 entries fit, so that what is missed was never asked for before.
 *
 * `--check` demands ratios of at least 0.9, less than 1 ms for the flush, and more than 85 % of hits.
 */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createCache, KeyvAdapter, type Cache } from 'cache-manager';
import { redisStore } from 'cache-manager-redis-yet';
import { Keyv } from 'keyv';
import { TenancyModule, Tenancy, TenantService } from 'nestjs-tenancy';
import {
  TENANT_CACHE,
  TenantCacheModule,
  type ScopedCache,
  type TenantCacheOptions,
} from 'nestjs-tenancy/cache';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startRedis } from '../test/support/redis.js';
import { atLeast, atMost } from './harness/bounds.js';
import { COMMON_OPTIONS, runCommand, type Outcome } from './harness/command.js';
import { describeMachine, machineLine } from './harness/machine.js';
import { median } from './harness/statistics.js';
import { stoppingAfter, type Stoppable } from './harness/stopping.js';
import { table } from './harness/table.js';

const ROUNDS = 60;
const BATCH = { memory: 5_000, redis: 500 };
const KEYS = 100;
const TAGGED = 100_000;
const ZIPF = { tenants: 10, keys: 1_000, reads: 100_000, maxEntries: 10_000 };

const VALUE = { id: 1, name: 'project', tags: ['a', 'b'], owner: { id: 2, name: 'someone' } };

type Keep = <S extends Stoppable>(started: S) => S;

interface CacheApp {
  readonly cache: ScopedCache;
  readonly tenancy: Tenancy;
}

@Module({})
class Root {}

async function startApp(keep: Keep, cache: TenantCacheOptions, redis?: string): Promise<CacheApp> {
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-bench-'));
  keep({ stop: () => rm(folder, { recursive: true }) });
  const tenancy = TenancyModule.forRoot({
    central: { url: `sqlite:${join(folder, 'central.sqlite')}` },
    tenants: { servers: { main: { url: `sqlite:${join(folder, 'tenants')}` } } },
    ...(redis !== undefined && { redis: { url: redis } }),
  });
  const app = await NestFactory.createApplicationContext(
    { module: Root, imports: [tenancy, TenantCacheModule.register(cache)] },
    { logger: ['error', 'warn'] },
  );
  keep({ stop: () => app.close() });
  for (let tenant = 0; tenant < ZIPF.tenants; tenant += 1) {
    await app.get(TenantService).create({ slug: `t${tenant}` });
  }
  return { cache: app.get<ScopedCache>(TENANT_CACHE), tenancy: app.get(Tenancy) };
}

type Operation = (cache: Cache, key: string) => Promise<unknown>;

const get: Operation = (cache, key) => cache.get(key);
const wrap: Operation = (cache, key) => cache.wrap(key, () => VALUE);

/** Microseconds that each takes, and how many times as fast as plain the tenant-bound one is. */
async function compare(
  { cache, tenancy }: CacheApp,
  plain: Cache,
  operation: Operation,
  batch: number,
) {
  const keys = Array.from({ length: KEYS }, (_, n) => `key:${n}`);
  const run = async (one: Cache): Promise<number> => {
    const start = performance.now();
    for (let n = 0; n < batch; n += 1) await operation(one, keys[n % KEYS]);
    return ((performance.now() - start) * 1_000) / batch;
  };
  return tenancy.run('t0', async () => {
    for (const one of [plain, cache]) for (const key of keys) await one.set(key, VALUE);
    const plainTimes: number[] = [];
    const ownTimes: number[] = [];
    for (let round = -5; round < ROUNDS; round += 1) {
      // A memory cache never waits: without this nothing else of the process would get its turn.
      await turn();
      const plainFirst = round % 2 === 0;
      const first = await run(plainFirst ? plain : cache);
      const second = await run(plainFirst ? cache : plain);
      if (round < 0) continue;
      plainTimes.push(plainFirst ? first : second);
      ownTimes.push(plainFirst ? second : first);
    }
    return {
      plain: median(plainTimes),
      own: median(ownTimes),
      ratio: median(plainTimes.map((time, round) => time / ownTimes[round])),
    };
  });
}

/** Milliseconds. */
async function flushOfMany({ cache, tenancy }: CacheApp): Promise<number> {
  return tenancy.run('t0', async () => {
    const tagged = cache.tags('projects');
    for (let n = 0; n < TAGGED; n += 1_000) {
      const page = Array.from({ length: 1_000 }, (_, m) => tagged.set(`tagged:${n + m}`, VALUE));
      await Promise.all(page);
    }
    const times: number[] = [];
    for (let round = 0; round < 50; round += 1) {
      const start = performance.now();
      await tagged.flush();
      times.push(performance.now() - start);
    }
    return median(times);
  });
}

/** Of `wrap`, 0 to 1. */
async function zipfHitRate({ cache, tenancy }: CacheApp): Promise<number> {
  const weights = Array.from({ length: ZIPF.keys }, (_, n) => 1 / (n + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  const shares = weights.map((weight) => (sum += weight / total));
  let seed = 1;
  for (let read = 0; read < ZIPF.reads; read += 1) {
    // The same in every run.
    seed = (seed * 48_271) % 2_147_483_647;
    const share = seed / 2_147_483_647;
    const rank = shares.findIndex((until) => share < until);
    await tenancy.run(`t${read % ZIPF.tenants}`, () => cache.wrap(`key:${rank}`, () => VALUE));
  }
  return cache.stats().hitRate;
}

async function benchCache(options: object): Promise<Outcome> {
  return stoppingAfter(async (keep) => {
    const redis = keep(await startRedis());
    const machine = describeMachine('Redis');
    console.log(machineLine(machine));
    const store = await redisStore({ url: redis.url });
    keep({ stop: async () => void (await store.client.quit()) });
    const adapter = new KeyvAdapter(store);
    const plain = {
      memory: createCache({ stores: [new Keyv()] }),
      redis: createCache({ stores: [new Keyv({ store: adapter })] }),
    };
    const own = {
      memory: await startApp(keep, { store: 'memory' }),
      redis: await startApp(keep, { store: 'redis' }, redis.url),
    };
    const compared = {
      'get, memory': await compare(own.memory, plain.memory, get, BATCH.memory),
      'wrap, memory': await compare(own.memory, plain.memory, wrap, BATCH.memory),
      'get, Redis': await compare(own.redis, plain.redis, get, BATCH.redis),
      'wrap, Redis': await compare(own.redis, plain.redis, wrap, BATCH.redis),
    };
    console.log(
      `\n${table(
        [
          { heading: 'µs', cell: ([name]) => name },
          { heading: 'cache-manager', cell: ([, { plain: time }]) => time.toFixed(1) },
          { heading: 'tenant-bound', cell: ([, { own: time }]) => time.toFixed(1) },
          { heading: 'ratio', cell: ([, { ratio }]) => ratio.toFixed(2) },
        ],
        Object.entries(compared),
      )}`,
    );
    const flush = await flushOfMany(own.redis);
    console.log(`\nflush of a tag that ${TAGGED} keys in Redis have: ${flush.toFixed(3)} ms`);
    const hitRate = await zipfHitRate(await startApp(keep, { maxEntries: ZIPF.maxEntries }));
    console.log(
      `hit rate, ${ZIPF.reads} reads by Zipf's law of ${ZIPF.tenants} tenants with ${ZIPF.keys} keys each, ` +
        `${ZIPF.maxEntries} entries: ${(hitRate * 100).toFixed(1)} %`,
    );
    return {
      machine,
      options,
      figures: { compared, flush, hitRate },
      bounds: [
        ...Object.entries(compared).map(([name, { ratio }]) =>
          atLeast(name, ratio, 0.9, 'of plain'),
        ),
        atMost('the flush of a tag took', flush, 1, 'ms'),
        atLeast('hit rate', hitRate, 0.85, ''),
      ],
    };
  });
}

void runCommand(
  () => parseArgs({ options: { json: COMMON_OPTIONS.json, check: COMMON_OPTIONS.check } }).values,
  benchCache,
);
