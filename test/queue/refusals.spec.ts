import { Queue, UnrecoverableError, Worker, type Job } from 'bullmq';
import { randomUUID } from 'node:crypto';
import { TenantJobs, tenantIdOf } from '../../lib/queue/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { codeOf } from '../support/rejection.js';
import { until } from '../support/until.js';
import { startJobsApp, type JobsApp, type JobsAppParts } from './jobs-app.js';
import { OneAtATime, Platform } from './processors.js';

const [engine] = engines;

describe('a job is refused', () => {
  let redis: RedisServer;
  let setup: EngineSetup;
  let app: JobsApp;
  let prefix: string;

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    prefix = randomUUID();
    setup = await engine!.prepare();
  });
  afterEach(async () => {
    await app.close();
    await setup.cleanUp();
  });

  async function start(parts: Omit<JobsAppParts, 'prefix'> = {}) {
    app = await startJobsApp(setup, redis, { prefix, providers: [OneAtATime], ...parts });
    for (const slug of ['a', 'b']) await app.tenants.create({ slug });
  }

  /** Waits for its end, and gives what it failed with. */
  async function failureOf(job: Job): Promise<unknown> {
    await until('it failed for good', async () => (await job.getState()) === 'failed');
    await until('it was told', () => app.work.failures.has(job.id));
    return codeOf(() => Promise.reject(app.work.failures.get(job.id)));
  }

  const ran = () => app.work.seen.filter(({ what }) => what === 'process');
  const paused = (work: () => Promise<Job>) => whilePaused(app.queue(), work);

  it('when it is added without a tenant, and never gets into the queue', async () => {
    await start();
    const queue = app.queue();
    const flow = { name: 'x', queueName: 'work', children: [{ name: 'y', queueName: 'work' }] };
    const ways: (() => Promise<unknown>)[] = [
      () => queue.add('x', {}),
      () => queue.addBulk([{ name: 'x', data: {} }]),
      () => queue.upsertJobScheduler('x', { every: 1_000 }),
      () => queue.add('x', {}, { repeat: { every: 1_000 } }),
      () => app.flows.add(flow),
      () => app.flows.addBulk([flow]),
    ];
    for (const add of ways) {
      expect(await codeOf(add)).toBe('TENANT_CONTEXT_MISSING');
      expect(await codeOf(() => app.tenancy.runCentral('try it', add))).toBe(
        'TENANT_CONTEXT_MISSING',
      );
    }
    expect(Object.values(await queue.getJobCounts()).every((count) => count === 0)).toBe(true);
    expect(await queue.getJobSchedulersCount()).toBe(0);
  });

  it('when its tenant was deleted, without another attempt; after a restore it can be retried', async () => {
    await start();
    const job = await paused(async () => {
      const added = await app.tenancy.run('a', () => app.queue().add('x', {}, { attempts: 5 }));
      await app.tenants.delete('a', { confirm: 'a' });
      return added;
    });
    expect(await failureOf(job)).toBe('JOB_TENANT_GONE');
    expect(ran()).toEqual([]);
    const failed = await app.queue().getJob(job.id!);
    expect(failed?.attemptsMade).toBe(1);
    const told = app.work.seen.filter(({ what }) => what !== 'drained');
    expect(told).toMatchObject([{ what: 'active' }, { what: 'failed' }]);
    expect(told.every(({ tenant }) => tenant === undefined)).toBe(true);

    await app.tenants.restore('a');
    await failed?.retry();
    await until('it ran', () => ran().length === 1);
    expect(ran()[0]).toMatchObject({ tenant: 'a', database: 'a' });
  });

  it.each(['suspend', 'block'] as const)(
    'after %s as any failure: attempts that are left run once the tenant is active again',
    async (change) => {
      await start();
      await paused(async () => {
        const backoff = { type: 'fixed', delay: 20 };
        const options = { attempts: 1_000, backoff };
        const added = await app.tenancy.run('a', () => app.queue().add('x', {}, options));
        await app.tenants[change]('a');
        return added;
      });
      await until('it failed thrice', () => {
        const failures = app.work.seen.filter(({ what }) => what === 'failed');
        return failures.length >= 3;
      });
      expect(await codeOf(() => Promise.reject([...app.work.failures.values()][0]))).toBe(
        'JOB_TENANT_NOT_SERVED',
      );
      expect(ran()).toEqual([]);
      await app.tenants.activate('a');
      await until('it ran', () => ran().length === 1);
      expect(ran()[0]).toMatchObject({ tenant: 'a', database: 'a' });
    },
  );

  it('that was in the queue before this package was', async () => {
    const options = { connection: { host: redis.host, port: redis.port }, prefix };
    const before = new Queue('work', options);
    const job = await before.add('old', {}, { attempts: 5 });
    await start();
    expect(await failureOf(job)).toBe('JOB_TENANT_MISSING');
    expect((await before.getJob(job.id!))?.attemptsMade).toBe(1);
    expect(ran()).toEqual([]);
    await before.close();
  });

  it('the tenant that its data or its options name', async () => {
    await start();
    const { id } = await app.tenants.get('b');
    const forged = `tenancy:${id}:`;
    const data = { tenantId: id, tenant: 'b', opts: { tm: forged }, tm: forged };
    const telemetry = { metadata: forged };
    await app.tenancy.run('a', async () => {
      await app.queue().add('1', data, { telemetry });
      await app.queue().add('2', data, { telemetry: { ...telemetry, omitContext: true } });
      await app.queue().addBulk([{ name: '3', data, opts: { telemetry } }]);
      await app.queue().upsertJobScheduler('4', { every: 60_000 }, { data, opts: { telemetry } });
      await app.flows.add({ name: '5', queueName: 'work', data, opts: { telemetry } });
      await app.flows.add({ name: '6', queueName: 'work', data, opts: { jobId: `${id}.6` } });
    });
    await until('all ran', () => ran().length === 6);
    for (const { tenant, database } of ran()) expect([tenant, database]).toEqual(['a', 'a']);
  });

  it('when the central database cannot say who its tenant is, and runs when it can', async () => {
    await start();
    const backoff = { type: 'fixed', delay: 20 };
    await paused(async () => {
      const options = { attempts: 1_000, backoff };
      const added = await app.tenancy.run('a', () => app.queue().add('x', {}, options));
      await app.central.query('ALTER TABLE tenancy_tenants RENAME TO away');
      app.registry.invalidate();
      return added;
    });
    await until('it failed', () => app.work.failures.size === 1);
    expect(ran()).toEqual([]);
    await app.central.query('ALTER TABLE away RENAME TO tenancy_tenants');
    await until('it ran', () => ran().length === 1);
    expect(ran()[0]).toMatchObject({ tenant: 'a', database: 'a' });
  });

  it('but not what a processor throws: it comes out as it is, unrecoverable errors too', async () => {
    await start({
      handler: () => {
        throw new UnrecoverableError('hopeless');
      },
    });
    const job = await app.tenancy.run('a', () => app.queue().add('x', {}, { attempts: 3 }));
    await failureOf(job);
    expect(app.work.failures.get(job.id)).toMatchObject({
      name: 'UnrecoverableError',
      message: 'hopeless',
    });
    expect(ran()).toHaveLength(1);
  });

  it('none of a central queue: they run without a tenant, whoever added them', async () => {
    await start({ providers: [OneAtATime, Platform], queues: ['work', 'platform'] });
    await app.queue('platform').add('1', {});
    await app.tenancy.run('a', () => app.queue('platform').add('2', {}));
    await app.tenancy.run('a', () =>
      app.flows.add({
        name: '3',
        queueName: 'platform',
        children: [{ name: '4', queueName: 'work' }],
      }),
    );
    await until('all ran', () => ran().length === 4);
    expect(Object.fromEntries(ran().map(({ name, tenant }) => [name, tenant]))).toEqual({
      1: undefined,
      2: undefined,
      3: undefined,
      4: 'a',
    });
  });

  it('of a tenant in a central queue', async () => {
    const central = await (async () => {
      await start({ providers: [OneAtATime], queues: ['work', 'platform'] });
      return app.tenancy.run('a', () => app.queue('platform').add('x', {}));
    })();
    expect(tenantIdOf(central)).toBe((await app.tenants.get('a')).id);
    await app.close();
    app = await startJobsApp(setup, redis, {
      prefix,
      providers: [OneAtATime, Platform],
      queues: ['work', 'platform'],
    });
    const job = (await app.queue('platform').getJob(central.id!))!;
    expect(await failureOf(job)).toBe('JOB_IN_CENTRAL_QUEUE');
    expect(ran()).toEqual([]);
  });

  it('centralQueues says the same to an app without the processor', async () => {
    await start({ queues: ['work', 'platform'], options: { centralQueues: ['platform'] } });
    expect(tenantIdOf(await app.queue('platform').add('x', {}))).toBeUndefined();
    const added = await app.tenancy.run('a', () => app.queue('platform').add('x', {}));
    expect(tenantIdOf(added)).toBeUndefined();
  });

  it('the whole app, where jobs would run without their tenant', async () => {
    await start();
    const connection = { host: redis.host, port: redis.port };
    const jobs = app.context.get(TenantJobs);
    const worker = new Worker('other', undefined, { connection, prefix });
    Reflect.set(worker, 'callProcessJob', undefined);
    expect(await codeOf(() => jobs.bind(worker))).toBe('QUEUE_UNSUPPORTED');
    await worker.close();
    const processors = [async () => {}];
    const queue = new Queue('other', Object.assign({ connection, prefix }, { processors }));
    expect(await codeOf(() => jobs.bind(queue))).toBe('QUEUE_UNSUPPORTED');
    await queue.close();
  });
});

async function whilePaused<T>(queue: Queue, work: () => Promise<T>): Promise<T> {
  await queue.pause();
  const done = await work();
  await queue.resume();
  return done;
}
