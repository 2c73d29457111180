import type { Job, JobsOptions } from 'bullmq';
import { randomUUID } from 'node:crypto';
import { tenantIdOf } from '../../lib/queue/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { codeOf } from '../support/rejection.js';
import { startJobsApp, type JobsApp } from './jobs-app.js';

const [engine] = engines;

describe('two tenants that choose the same names', () => {
  let redis: RedisServer;
  let setup: EngineSetup;
  let app: JobsApp;

  beforeAll(async () => {
    redis = await startRedis();
    setup = await engine!.prepare();
    app = await startJobsApp(setup, redis, {
      prefix: randomUUID(),
      queues: ['work', 'central'],
      options: { centralQueues: ['central'] },
    });
    for (const slug of ['a', 'b']) await app.tenants.create({ slug });
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
    await redis.stop();
  });
  afterEach(() => app.queue().obliterate({ force: true }));

  /** What `work` gives for each of the two. */
  async function forBoth<T>(work: (slug: string) => Promise<T>): Promise<[T, T]> {
    return [
      await app.tenancy.run('a', () => work('a')),
      await app.tenancy.run('b', () => work('b')),
    ];
  }
  const waiting = () => app.queue().getJobCountByTypes('wait', 'delayed', 'waiting-children');

  it('of jobs have one each, which is added once', async () => {
    const queue = app.queue();
    const options = { jobId: 'invoice' };
    for (let time = 0; time < 2; time += 1) {
      await forBoth((slug) => queue.add(slug, {}, options));
      await forBoth((slug) => queue.addBulk([{ name: slug, data: {}, opts: options }]));
      await forBoth((slug) => app.flows.add({ name: slug, queueName: 'work', opts: options }));
    }
    expect(await waiting()).toBe(2);
    const [a, b] = await forBoth(() => queue.getJob('invoice'));
    expect([a?.name, b?.name]).toEqual(['a', 'b']);
    const [again] = await forBoth(() => queue.getJob(a!.id!));
    expect(again?.name).toBe('a');
  });

  it('of deduplications are deduplicated by tenant', async () => {
    const queue = app.queue();
    const options = { deduplication: { id: 'sync', ttl: 60_000 } };
    const [[a1, a2], [b1]] = await forBoth(async (slug) => [
      await queue.add(slug, {}, options),
      await queue.add(slug, {}, options),
    ]);
    expect(a2!.id).toBe(a1!.id);
    expect(b1!.id).not.toBe(a1!.id);
    expect(await waiting()).toBe(2);
    expect(await forBoth(() => queue.getDeduplicationJobId('sync'))).toEqual([a1!.id, b1!.id]);
    expect(await app.tenancy.run('a', () => queue.removeDeduplicationKey('sync'))).toBe(1);
    expect(await forBoth(() => queue.getDeduplicationJobId('sync'))).toEqual([null, b1!.id]);
  });

  it('of job schedulers and repeated jobs have one each', async () => {
    const queue = app.queue();
    const repeat = { pattern: '0 0 1 1 *' };
    await forBoth((slug) => queue.upsertJobScheduler('nightly', repeat, { name: slug }));
    await forBoth((slug) => queue.add('yearly', { slug }, { repeat }));
    expect(await waiting()).toBe(4);
    const schedulers = await forBoth(() => queue.getJobScheduler('nightly'));
    expect(schedulers.map((scheduler) => scheduler?.name)).toEqual(['a', 'b']);
    expect(await app.tenancy.run('a', () => queue.removeJobScheduler('nightly'))).toBe(true);
    expect(await app.tenancy.run('a', () => queue.removeRepeatable('yearly', repeat))).toBe(true);
    expect(await waiting()).toBe(2);
    const left = await forBoth(() => queue.getJobScheduler('nightly'));
    expect(left.map((scheduler) => scheduler?.name)).toEqual([undefined, 'b']);
  });

  it('of defaults of the queue are kept apart, too', async () => {
    const queue = app.queue();
    const defaults: JobsOptions = { deduplication: { id: 'default' } };
    queue['jobsOpts'] = defaults;
    const added = await forBoth((slug) => queue.add(slug, {}));
    queue['jobsOpts'] = {};
    expect(new Set(added.map(({ id }) => id)).size).toBe(2);
  });

  it('reach no job of each other by its id', async () => {
    const queue = app.queue();
    const job = await app.tenancy.run('a', () => queue.add('a', {}, { attempts: 3 }));
    const flow = await app.tenancy.run('a', () => app.flows.add({ name: 'a', queueName: 'work' }));
    const seen = await app.tenancy.run('b', async () => ({
      job: await queue.getJob(job.id!),
      state: await queue.getJobState(job.id!),
      removed: await queue.remove(job.id!),
      logs: await queue.getJobLogs(job.id!),
      log: await codeOf(() => queue.addJobLog(job.id!, 'from b')),
      progress: await codeOf(() => queue.updateJobProgress(job.id!, 99)),
      flow: await app.flows.getFlow({ queueName: 'work', id: flow.job.id! }),
    }));
    expect(seen).toMatchObject({
      job: undefined,
      state: 'unknown',
      removed: 1, // as BullMQ answers for a job that is not there
      logs: { logs: [], count: 0 },
      flow: undefined,
    });
    // BullMQ's code for a job that is not there.
    expect([seen.log, seen.progress]).toEqual([-1, -1]);
    await app.tenancy.run('a', async () => {
      expect(await queue.getJobState(job.id!)).toBe('waiting');
      await queue.addJobLog(job.id!, 'from a');
      expect(await queue.getJobLogs(job.id!)).toEqual({ logs: ['from a'], count: 1 });
      const tree = await app.flows.getFlow({ queueName: 'work', id: flow.job.id! });
      expect(tree.job.id).toBe(flow.job.id);
      expect(await queue.remove(job.id!)).toBe(1);
      expect(await queue.getJob(job.id!)).toBeUndefined();
    });
    const forAll = await app.tenancy.runCentral('look', () => queue.getJob(flow.job.id!));
    expect(tenantIdOf(forAll!)).toBe((await app.tenants.get('a')).id);
  });

  it('wait for no job of each other', async () => {
    const queue = app.queue();
    const flow = { name: 'parent', queueName: 'work', opts: { jobId: 'total' } };
    const [ofA, ofB] = await forBoth(async () => {
      const { job } = await app.flows.add({
        ...flow,
        children: [{ name: 'child', queueName: 'work' }],
      });
      return job;
    });
    const below = (id: string) => ({ parent: { id, queue: queue.qualifiedName } });
    const ways = (opts: JobsOptions): (() => Promise<unknown>)[] => [
      () => queue.add('more', {}, opts),
      () => queue.addBulk([{ name: 'more', data: {}, opts }]),
      () => app.flows.add({ name: 'more', queueName: 'work', opts }),
      () => app.flows.addBulk([{ name: 'more', queueName: 'work', opts }]),
      () => app.queue('central').add('more', {}, opts),
      () => app.queue('central').addBulk([{ name: 'more', data: {}, opts }]),
    ];
    const childrenOf = async (job: Job) =>
      (await job.getDependenciesCount({ unprocessed: true })).unprocessed;
    for (const add of ways(below(ofB.id!))) {
      expect(await codeOf(() => app.tenancy.run('a', add))).toBe('JOB_PARENT_OF_OTHER_TENANT');
    }
    expect([await childrenOf(ofA), await childrenOf(ofB)]).toEqual([1, 1]);
    // By the name that the app chose, by the one that BullMQ has for it, and by one that BullMQ chose.
    for (const add of [...ways(below('total')), ...ways(below(ofA.id!))]) {
      await app.tenancy.run('a', add);
    }
    expect([await childrenOf(ofA), await childrenOf(ofB)]).toEqual([13, 1]);
    const unnamed = await app.tenancy.run('a', () =>
      app.flows.add({ ...flow, opts: {}, children: [{ name: 'child', queueName: 'work' }] }),
    );
    const add = () => queue.add('more', {}, below(unnamed.job.id!));
    expect(await codeOf(() => app.tenancy.run('b', add))).toBe('JOB_PARENT_OF_OTHER_TENANT');
    await app.tenancy.run('a', add);
    expect(await childrenOf(unnamed.job)).toBe(2);
    // A central job may gather what tenants' jobs give.
    const central = await app.queue('central').add('gather', {});
    await forBoth(() =>
      queue.add('part', {}, { parent: { id: central.id!, queue: central.queueQualifiedName } }),
    );
    expect(await childrenOf(central)).toBe(2);
    await app.queue('central').obliterate({ force: true });
  });

  it('are refused what concerns every tenant, and central code is not', async () => {
    const queue = app.queue();
    const shared: (() => Promise<unknown>)[] = [
      () => queue.getJobs(),
      () => queue.getWaiting(),
      () => queue.getFailed(),
      () => queue.getJobCounts(),
      () => queue.getJobSchedulers(),
      () => queue.count(),
      () => queue.drain(),
      () => queue.clean(0, 0),
      () => queue.pause(),
      () => queue.resume(),
      () => queue.isPaused(),
      () => queue.retryJobs(),
      () => queue.promoteJobs(),
      () => queue.setGlobalConcurrency(1),
      () => queue.removeGlobalConcurrency(),
      () => queue.rateLimit(1),
      () => queue.getWorkers(),
      () => queue.getMetrics('completed'),
      () => queue.removeOrphanedJobs(),
      () => queue.obliterate({ force: true }),
    ];
    await app.tenancy.run('b', () => queue.add('b', {}));
    for (const operation of shared) {
      expect(await codeOf(() => app.tenancy.run('a', operation))).toBe('QUEUE_SHARED');
    }
    expect(await waiting()).toBe(1);
    for (const operation of shared) {
      expect(await codeOf(() => app.tenancy.runCentral('operate', operation))).toBeUndefined();
    }
  });
});
