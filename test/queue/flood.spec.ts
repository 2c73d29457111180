import { QueueEvents } from 'bullmq';
import { randomUUID } from 'node:crypto';
import { setTimeout as takes } from 'node:timers/promises';
import type { TenantJobsOptions } from '../../lib/queue/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { startJobsApp, type JobsApp } from './jobs-app.js';
import { ManyAtOnce } from './processors.js';

const [engine] = engines;

/** What a job takes, in milliseconds; ten run at once. */
const WORK = 50;
const FLOOD = Number(process.env['FLOOD'] ?? 10_000);
const BURSTS = 8;
const BURST = 40;

describe('a tenant that floods a queue', () => {
  let redis: RedisServer;
  let setup: EngineSetup;
  let app: JobsApp;

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  it(`with ${FLOOD} jobs has the others wait at most three times as long as they do alone`, async () => {
    // Before and after, because the machine does other things, too.
    const before = await waits();
    const flooded = await waits({ flood: true });
    const after = await waits();
    const alone = { mean: (before.mean + after.mean) / 2, p95: (before.p95 + after.p95) / 2 };
    console.log(`mean and 95th percentile of waiting, ms: ${format({ alone, flooded })}`);
    expect(flooded.mean / alone.mean).toBeLessThan(3);
    expect(flooded.p95 / alone.p95).toBeLessThan(3);
    if (process.env['FLOOD'] === undefined) return;
    const capped = await waits({ flood: true, options: { concurrencyPerTenant: 5 } });
    console.log(`with concurrencyPerTenant 5: ${format({ capped })}`);
  }, 300_000);

  /** How long the jobs of b and c, who add some at a time one after the other, wait for a worker: in milliseconds. */
  async function waits({ flood = false, options = {} as TenantJobsOptions } = {}) {
    const prefix = randomUUID();
    setup = await engine!.prepare();
    app = await startJobsApp(setup, redis, {
      prefix,
      providers: [ManyAtOnce],
      options,
      handler: () => takes(WORK),
    });
    for (const slug of ['a', 'b', 'c']) await app.tenants.create({ slug });
    const connection = { host: redis.host, port: redis.port };
    const events = new QueueEvents('work', { connection, prefix });
    // Each that waits for a job listens.
    events.setMaxListeners(0);
    app.queue().setMaxListeners(0);
    await events.waitUntilReady();
    if (flood) {
      for (let added = 0; added < FLOOD; added += 1_000) await add('a', 1_000);
    }
    const waited: number[] = [];
    for (let burst = 0; burst < BURSTS; burst += 1) {
      const jobs = await add(burst % 2 === 0 ? 'b' : 'c', BURST);
      await Promise.all(jobs.map((job) => job.waitUntilFinished(events)));
      for (const { id, timestamp } of jobs) {
        const job = await app.queue().getJob(id!);
        waited.push((job?.processedOn ?? NaN) - timestamp);
      }
    }
    if (flood) expect(await app.queue().getJobCountByTypes('delayed')).toBeGreaterThan(FLOOD / 2);
    await events.close();
    await app.context.get(ManyAtOnce).worker.close();
    await app.queue().obliterate({ force: true });
    await app.close();
    await setup.cleanUp();
    waited.sort((one, other) => one - other);
    return {
      mean: waited.reduce((sum, each) => sum + each, 0) / waited.length,
      p95: waited[Math.floor(waited.length * 0.95)]!,
    };
  }

  const add = (slug: string, count: number) =>
    app.tenancy.run(slug, () =>
      app.queue().addBulk(Array.from({ length: count }, () => ({ name: slug, data: {} }))),
    );
});

function format(figures: Record<string, { mean: number; p95: number }>): string {
  return Object.entries(figures)
    .map(([name, { mean, p95 }]) => `${name} ${mean.toFixed(1)}, ${p95}`)
    .join('; ');
}
