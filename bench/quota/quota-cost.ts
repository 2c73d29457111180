import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import {
  QuotaService,
  Tenancy,
  TenancyModule,
  TenantService,
  type QuotaOptions,
} from 'nestjs-tenancy';
import { performance } from 'node:perf_hooks';
import { createClient } from 'redis';
import { AbstractLogger, type DataSource } from 'typeorm';
import { AdminConnection, type RunningServer } from '../../test/support/servers/index.js';
import { inOrder, median, quantile } from '../harness/statistics.js';
import { table } from '../harness/table.js';

type Store = NonNullable<QuotaOptions['store']>;

/** µs for one use, and how often the store was asked. */
export interface QuotaCost {
  readonly store: Store;
  readonly median: number;
  readonly p99: number;
  /** The median of the plainest question to the same store; null in memory. */
  readonly plain: number | null;
  readonly trips: number;
  readonly tripsForTwo: number;
}

/** Uses that are timed together where one is too short for the clock. */
const BATCH = 50;

class CountingLogger extends AbstractLogger {
  queries = 0;

  constructor() {
    super(['query']);
  }

  override logQuery(): void {
    this.queries += 1;
  }

  protected override writeLog(): void {}
}

@Module({})
class Root {}

/** In this process, on a tenant of its own. */
export async function measureQuotas(
  store: Store,
  server: RunningServer,
  redisUrl: string,
  uses: number,
): Promise<QuotaCost> {
  const database = `bench_quota_${store}`;
  const admin = new AdminConnection(server.url);
  await admin.query(`CREATE DATABASE ${database}`);
  admin.close();
  const logger = new CountingLogger();
  const limit = 1_000_000_000;
  const module = TenancyModule.forRoot({
    central: { url: `${server.url}/${database}`, typeorm: { logger, logging: ['query'] } },
    tenants: { servers: { main: { url: server.url } }, databasePrefix: `${database}_` },
    redis: { url: redisUrl },
    quota: {
      store,
      catalogue: { api_calls_per_day: { limit }, monthly_emails: { limit } },
    },
  });
  const app = await NestFactory.createApplicationContext(
    { module: Root, imports: [module] },
    { logger: ['error', 'warn'] },
  );
  const plainRedis = createClient({ url: redisUrl });
  await plainRedis.connect();
  try {
    await app.get(TenantService).create({ slug: 'acme' });
    return await app.get(Tenancy).run('acme', async () => {
      const quotas = app.get(QuotaService);
      const one = () => quotas.consume('api_calls_per_day');
      const two = () =>
        quotas.consumeAll([
          { key: 'api_calls_per_day', cost: 1 },
          { key: 'monthly_emails', cost: 1 },
        ]);
      const asked =
        store === 'redis' ? () => commandsOf(plainRedis) : () => Promise.resolve(logger.queries);
      const central: DataSource = app.get(getDataSourceToken('central'));
      const plain = {
        memory: undefined,
        redis: () => plainRedis.ping(),
        database: () => central.query('SELECT 1'),
      }[store];
      for (const work of [two, one]) await timesOf(work, uses, store === 'memory' ? BATCH : 1);
      const times = await timesOf(one, uses, store === 'memory' ? BATCH : 1);
      return {
        store,
        median: median(times),
        p99: quantile(inOrder(times), 0.99),
        plain: plain === undefined ? null : median(await timesOf(plain, uses, 1)),
        trips: await tripsOf(one, asked),
        tripsForTwo: await tripsOf(two, asked),
      };
    });
  } finally {
    plainRedis.destroy();
    await app.close();
  }
}

export function quotaTable(costs: readonly QuotaCost[]): string {
  return table<QuotaCost>(
    [
      { heading: 'counted in', cell: ({ store }) => store },
      { heading: 'median, µs', cell: (cost) => cost.median.toFixed(2) },
      { heading: 'p99, µs', cell: ({ p99 }) => p99.toFixed(2) },
      { heading: 'plain, µs', cell: ({ plain }) => plain?.toFixed(2) ?? '' },
      { heading: 'trips', cell: ({ trips }) => String(trips) },
      { heading: 'for two', cell: ({ tripsForTwo }) => String(tripsForTwo) },
    ],
    costs,
  );
}

/** µs for one, each the mean of a batch. */
async function timesOf(
  work: () => Promise<unknown>,
  uses: number,
  batch: number,
): Promise<number[]> {
  const times: number[] = [];
  for (let done = 0; done < uses; done += batch) {
    const start = performance.now();
    for (let index = 0; index < batch; index += 1) await work();
    times.push(((performance.now() - start) * 1_000) / batch);
  }
  return times;
}

/** The least of some tries, because the usage log is written meanwhile. */
async function tripsOf(work: () => Promise<unknown>, asked: () => Promise<number>) {
  const counts: number[] = [];
  for (let index = 0; index < 20; index += 1) {
    const before = await asked();
    await work();
    counts.push((await asked()) - before);
  }
  return Math.min(...counts);
}

/** Scripts and other commands of clients; what a script calls inside is not asked over the network. */
async function commandsOf(redis: { info(section: string): Promise<string> }): Promise<number> {
  const calls = [...(await redis.info('commandstats')).matchAll(/^cmdstat_(\w+):calls=(\d+)/gm)];
  return calls
    .filter(([, name]) => /^(evalsha|eval|get|set|ping)$/.test(name ?? ''))
    .reduce((sum, [, , count]) => sum + Number(count), 0);
}
