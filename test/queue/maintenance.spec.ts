import type { Job } from 'bullmq';
import { randomUUID } from 'node:crypto';
import { MaintenanceService } from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';
import { startJobsApp, type JobsApp } from './jobs-app.js';
import { OneAtATime } from './processors.js';

const [engine] = engines;

describe.each([true, false])('a job of a tenant in maintenance, with turns: %s', (fair) => {
  let redis: RedisServer;
  let setup: EngineSetup;
  let app: JobsApp;
  let maintenance: MaintenanceService;

  beforeAll(async () => {
    redis = await startRedis();
    setup = await engine!.prepare();
    app = await startJobsApp(setup, redis, {
      prefix: randomUUID(),
      providers: [OneAtATime],
      options: { fair },
    });
    maintenance = app.context.get(MaintenanceService);
    for (const slug of ['a', 'b']) await app.tenants.create({ slug });
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
    await redis.stop();
  });

  const add = (slug: string, name: string) =>
    app.tenancy.run(slug, () => app.queue().add(name, {}, { attempts: 1 }));
  const isDelayed = async (job: Job) => (await job.getState()) === 'delayed';
  const ran = () => app.work.seen.filter(({ what }) => what === 'process').map(({ name }) => name);

  it('waits for its end, without the loss of an attempt, and keeps no other waiting', async () => {
    await maintenance.enable('a', { retryAfter: 3_600 });
    const job = await add('a', 'postponed');
    await until('it is postponed', () => isDelayed(job));
    await add('b', 'other');
    await until('the other ran', () => ran().includes('other'));

    const found = (await app.queue().getJob(job.id!))!;
    expect(found).toMatchObject({ attemptsMade: 0, attemptsStarted: 0 });
    // However long it is to last, it is looked at again in a minute: it may end before.
    expect(found.delay).toBeGreaterThan(50_000);
    expect(found.delay).toBeLessThanOrEqual(60_000);
    expect(ran()).toEqual(['other']);
    expect(app.work.failures.size).toBe(0);

    await maintenance.disable('a');
    await found.promote();
    await until('it ran', () => ran().length === 2);
    expect(app.work.seen.find(({ name }) => name === 'postponed')).toMatchObject({ tenant: 'a' });
  });

  it('runs by itself when its end has come', async () => {
    await maintenance.enable('a', { until: new Date(Date.now() + 1_500) });
    const job = await add('a', 'later');
    await until('it is postponed', () => isDelayed(job));
    await until('it ran', () => ran().includes('later'));
    expect(app.work.failures.size).toBe(0);
  });
});
