import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Provider } from '@nestjs/common';
import type { Job } from 'bullmq';
import { Redis } from 'ioredis';
import type { TenantJobsOptions } from '../../lib/queue/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';
import { startJobsApp, type JobsApp, type Work } from './jobs-app.js';
import { ManyAtOnce, OneAtATime } from './processors.js';

const [engine] = engines;
const SLUGS = ['a', 'b', 'c'];

describe('tenants take turns', () => {
  let redis: RedisServer;
  let setup: EngineSetup;
  let app: JobsApp;
  let handler: ((job: Job, work: Work) => unknown) | undefined;

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  afterEach(async () => {
    handler = undefined;
    await app.close();
    await setup.cleanUp();
  });

  async function start(options: TenantJobsOptions = {}, providers: Provider[] = [OneAtATime]) {
    setup = await engine!.prepare();
    app = await startJobsApp(setup, redis, {
      prefix: randomUUID(),
      providers,
      options,
      handler: (job, work) => handler?.(job, work),
    });
    for (const slug of SLUGS) await app.tenants.create({ slug });
  }

  const add = (slug: string, names: readonly string[], opts = {}) =>
    app.tenancy.run(slug, () =>
      app.queue().addBulk(names.map((name) => ({ name, data: {}, opts }))),
    );
  const numbered = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  const order = () =>
    app.work.seen.filter(({ what }) => what === 'process').map(({ name }) => name ?? '');
  const done = (count: number) =>
    until(`${count} jobs done`, async () => {
      return (await app.queue().getJobCountByTypes('completed')) === count;
    });

  it('so that one job waits for one of each other tenant, and a tenant’s own keep their order', async () => {
    await start();
    await app.queue().pause();
    await add('a', numbered('a', 50));
    await add('b', numbered('b', 3));
    await add('c', ['c0']);
    await app.queue().resume();
    await done(54);
    expect(order().slice(0, 8)).toEqual(['a0', 'b0', 'c0', 'a1', 'b1', 'a2', 'b2', 'a3']);
    expect(order().filter((name) => name.startsWith('a'))).toEqual(numbered('a', 50));
  });

  it('with jobs that come later, were delayed, have priorities, or go first', async () => {
    await start();
    await app.queue().pause();
    await add('a', numbered('a', 30));
    await add('a', ['a-late'], { delay: 1 });
    await add('a', ['a-last'], { priority: 10 });
    await add('a', ['a-later'], { priority: 5 });
    await add('a', ['a-first'], { lifo: true });
    await add('b', ['b0'], { delay: 1 });
    await add('b', ['b-priority'], { priority: 7 });
    const due = Date.now() + 2;
    await until('the delayed are due', () => Date.now() > due);
    await app.queue().resume();
    await done(36);
    const names = order();
    expect(names.indexOf('b0')).toBeLessThan(3);
    expect(names.indexOf('b-priority')).toBeLessThan(5);
    const own = names.filter((name) => name.startsWith('a'));
    expect(own.indexOf('a-first')).toBeLessThan(2);
    expect(own.slice(-2)).toEqual(['a-later', 'a-last']);
    expect(own.filter((name) => /^a\d/.test(name))).toEqual(numbered('a', 30));
  });

  it('and no tenant has more jobs at work than it may, while the others go on', async () => {
    await start({ concurrencyPerTenant: 2 }, [ManyAtOnce]);
    const atWork = new Map<string, number>();
    const most = new Map<string, number>();
    handler = async (_job, work) => {
      const { slug } = work.tenancy.require();
      atWork.set(slug, (atWork.get(slug) ?? 0) + 1);
      most.set(slug, Math.max(most.get(slug) ?? 0, atWork.get(slug) ?? 0));
      for (let look = 0; look < 5; look += 1) await work.dataSource.query('SELECT 1');
      atWork.set(slug, (atWork.get(slug) ?? 0) - 1);
    };
    await add('a', numbered('a', 100));
    await add('b', numbered('b', 20));
    await add('c', numbered('c', 5));
    await done(125);
    expect(Object.fromEntries(most)).toEqual({ a: 2, b: 2, c: 2 });
    expect(order().indexOf('c4')).toBeLessThan(40);
  });

  it('a job that fails is tried again in its tenant’s turn', async () => {
    await start();
    handler = (job) => {
      if (job.attemptsMade === 0) throw new Error('on purpose');
    };
    await app.queue().pause();
    await add('a', numbered('a', 4), { attempts: 2 });
    await add('b', numbered('b', 2), { attempts: 2 });
    await app.queue().resume();
    await done(6);
    expect(order().slice(0, 8)).toEqual(['a0', 'b0', 'a0', 'b0', 'a1', 'b1', 'a1', 'b1']);
  });

  it('what waits for its turn can be removed, counted, promoted, drained', async () => {
    await start();
    let go = () => {};
    handler = () => new Promise<void>((resolve) => (go = resolve));
    const [, , third] = await add('a', numbered('a', 100));
    await until('the first is at work', () => order().length === 1);
    go();
    await until('the second is at work', () => order().length === 2);
    expect(await third!.getState()).toBe('delayed');
    const counts = await app.queue().getJobCounts('wait', 'delayed', 'active', 'completed');
    expect(counts).toEqual({ wait: 0, delayed: 98, active: 1, completed: 1 });
    await third!.remove();
    await add('b', ['b0']);
    await app.queue().drain();
    expect(await app.queue().getJobCounts('wait', 'delayed')).toEqual({ wait: 0, delayed: 0 });
    await add('c', ['c0']);
    handler = undefined;
    go();
    await done(3);
    expect(order()).toEqual(['a0', 'a1', 'c0']);
  });

  it('nothing is lost with the lines: what waits in them comes back by itself', async () => {
    await start();
    let go = () => {};
    handler = () => new Promise<void>((resolve) => (go = resolve));
    await add('a', numbered('a', 20));
    await add('b', numbered('b', 5));
    await until('one is at work', () => order().length === 1);
    go();
    await until('the next is at work', () => order().length === 2);
    const queue = app.queue();
    const client = new Redis(redis.port, redis.host);
    const turns = queue.toKey('tenancy-turns');
    expect(await client.del(turns, ...(await client.keys(`${turns}:*`)))).toBeGreaterThan(1);
    // As ten minutes later, when BullMQ finds them due.
    const ids = await client.zrange(queue.toKey('delayed'), 0, -1);
    await client.zadd(queue.toKey('delayed'), ...ids.flatMap((id) => [1, id]));
    client.disconnect();
    handler = undefined;
    go();
    await done(25);
  });

  it('BullMQ’s own limits hold: rate, global concurrency, pause', async () => {
    await start({ concurrencyPerTenant: 5 }, [ManyAtOnce]);
    await app.queue().setGlobalConcurrency(2);
    let atWork = 0;
    let most = 0;
    handler = async (_job, work) => {
      atWork += 1;
      most = Math.max(most, atWork);
      await work.dataSource.query('SELECT 1');
      atWork -= 1;
    };
    await add('a', numbered('a', 40));
    await add('b', numbered('b', 10));
    await done(50);
    expect(most).toBe(2);

    await app.queue().removeGlobalConcurrency();
    await app.queue().setGlobalRateLimit(5, 100);
    const started = Date.now();
    await add('a', numbered('a', 20));
    await done(70);
    expect(Date.now() - started).toBeGreaterThan(250);

    await app.queue().removeGlobalRateLimit();
    const worker = app.context.get(ManyAtOnce).worker;
    const paused = once(worker, 'paused');
    await worker.pause();
    await paused;
    await add('b', ['b-after']);
    worker.resume();
    await done(71);
  });
});
