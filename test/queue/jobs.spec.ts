import { randomUUID } from 'node:crypto';
import { engines, type EngineSetup } from '../support/engines.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';
import { startJobsApp, type JobsApp, type JobsAppParts } from './jobs-app.js';
import { ManyAtOnce, OneAtATime } from './processors.js';

describe.each(engines)('jobs on $name', (engine) => {
  let redis: RedisServer;
  let setup: EngineSetup;
  let app: JobsApp;

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  afterEach(async () => {
    await app.close();
    await setup.cleanUp();
  });

  async function start(parts: Omit<JobsAppParts, 'prefix'>) {
    setup = await engine.prepare();
    app = await startJobsApp(setup, redis, { prefix: randomUUID(), ...parts });
    for (const slug of ['a', 'b']) await app.tenants.create({ slug });
    return app;
  }

  /** What was seen, when `count` runs of a processor were. */
  async function processed(count: number) {
    const runs = () => app.work.seen.filter(({ what }) => what === 'process');
    await until(`${count} jobs processed`, () => runs().length >= count);
    return runs();
  }

  it('run for the tenant that added them, one tenant after the other', async () => {
    await start({ providers: [OneAtATime] });
    for (const slug of ['a', 'b', 'a', 'b']) {
      await app.tenancy.run(slug, () => app.queue().add(slug, {}));
      await app.tenancy.run(slug, () =>
        app.queue().addBulk([
          { name: slug, data: {} },
          { name: slug, data: {}, opts: { delay: 5 } },
        ]),
      );
    }
    for (const { name, tenant, database } of await processed(12)) {
      expect([tenant, database]).toEqual([name, name]);
    }
  });

  it('tell their listeners in the tenant’s context, and what concerns no job in none', async () => {
    await start({
      providers: [OneAtATime],
      handler: async (job) => {
        await job.updateProgress(50);
        if (job.name === 'b') throw new Error('on purpose');
      },
    });
    await app.tenancy.run('a', () => app.queue().add('a', {}));
    await app.tenancy.run('b', () => app.queue().add('b', {}));
    await until('drained', () => app.work.seen.some(({ what }) => what === 'drained'));
    await until('failed', () => app.work.seen.some(({ what }) => what === 'failed'));
    const told = app.work.seen.filter(({ what, name }) => what !== 'process' && name !== undefined);
    expect(told.map(({ what, name, tenant }) => [what, name, tenant])).toEqual([
      ['active', 'a', 'a'],
      ['progress', 'a', 'a'],
      ['completed', 'a', 'a'],
      ['active', 'b', 'b'],
      ['progress', 'b', 'b'],
      ['failed', 'b', 'b'],
    ]);
    const drained = app.work.seen.filter(({ what }) => what === 'drained');
    expect(drained.map(({ tenant }) => tenant)).toEqual(drained.map(() => undefined));
  });

  it('are tried again for the same tenant, at once and after a while', async () => {
    await start({
      providers: [ManyAtOnce],
      handler: (job) => {
        if (job.attemptsMade < 2) throw new Error('on purpose');
      },
    });
    for (const slug of ['a', 'b']) {
      await app.tenancy.run(slug, () => app.queue().add(slug, {}, { attempts: 3 }));
      const backoff = { type: 'fixed', delay: 10 };
      await app.tenancy.run(slug, () => app.queue().add(slug, {}, { attempts: 3, backoff }));
    }
    for (const { name, tenant, database } of await processed(12)) {
      expect([tenant, database]).toEqual([name, name]);
    }
  });

  it('of flows run for the tenant, those without options too', async () => {
    await start({ providers: [OneAtATime] });
    for (const slug of ['a', 'b']) {
      await app.tenancy.run(slug, () =>
        app.flows.add({
          name: slug,
          queueName: 'work',
          children: [
            { name: slug, queueName: 'work' },
            { name: slug, queueName: 'work', opts: { delay: 5 } },
          ],
        }),
      );
    }
    for (const { name, tenant, database } of await processed(6)) {
      expect([tenant, database]).toEqual([name, name]);
    }
  });

  it.each([true, false])('of job schedulers run for the tenant, fair: %s', async (fair) => {
    await start({ providers: [OneAtATime], options: { fair } });
    for (const slug of ['a', 'b']) {
      await app.tenancy.run(slug, async () => {
        await app.queue().upsertJobScheduler('tick', { every: 20 }, { name: slug });
        await app.queue().add(slug, {}, { repeat: { every: 25 } });
      });
    }
    const runs = await processed(30);
    for (const { name, tenant, database } of runs) expect([tenant, database]).toEqual([name, name]);
    for (const slug of ['a', 'b']) {
      expect(runs.filter(({ name }) => name === slug).length).toBeGreaterThan(8);
      await app.tenancy.run(slug, async () => {
        expect(await app.queue().getJobScheduler('tick')).toMatchObject({ name: slug });
        expect(await app.queue().removeJobScheduler('tick')).toBe(true);
        expect(await app.queue().removeRepeatable(slug, { every: 25 })).toBe(true);
      });
    }
  });

  it('added by central code for one tenant are that tenant’s', async () => {
    await start({ providers: [OneAtATime] });
    await app.tenancy.runCentral('send invoices', async () => {
      for (const slug of ['a', 'b']) {
        await app.tenancy.run(slug, () => app.queue().add(slug, {}));
      }
    });
    for (const { name, tenant, database } of await processed(2)) {
      expect([tenant, database]).toEqual([name, name]);
    }
  });

  it('may add jobs, which are the tenant’s', async () => {
    await start({
      providers: [ManyAtOnce],
      handler: (job) => job.data.deep || app.queue().add(job.name, { deep: true }),
    });
    for (const slug of ['a', 'b']) {
      await app.tenancy.run(slug, () => app.queue().add(slug, {}));
    }
    for (const { name, tenant, database } of await processed(4)) {
      expect([tenant, database]).toEqual([name, name]);
    }
  });
});
