import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { ChildProgram, kill, nextMessage } from '../support/child-program.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';
import { startJobsApp, type JobsApp } from './jobs-app.js';

/** What a worker process says of a job that it has begun. */
interface Begun {
  readonly name: string;
  readonly tenant: string;
  readonly database: string;
  readonly started: number;
}

describe.each(engines)('a worker process that is killed, on $name', (engine) => {
  let redis: RedisServer;
  let setup: EngineSetup;
  let app: JobsApp;
  let program: ChildProgram;
  const prefix = randomUUID();

  beforeAll(async () => {
    redis = await startRedis();
    setup = await engine.prepare();
    app = await startJobsApp(setup, redis, { prefix });
    for (const slug of ['a', 'b']) await app.tenants.create({ slug });
    program = new ChildProgram('test/queue/worker-process.ts');
  }, 60_000);
  afterAll(async () => {
    await program.dispose();
    await app.close();
    await setup.cleanUp();
    await redis.stop();
  });
  afterEach(() => app.queue().obliterate({ force: true }));

  async function startWorker(): Promise<ChildProcess> {
    const { centralUrl, serverUrl, databasePrefix } = setup;
    const urls = [centralUrl, serverUrl, databasePrefix];
    const child = program.start(prefix, String(redis.port), ...urls);
    expect(await nextMessage(child)).toBe('ready');
    return child;
  }

  it('amid a job: the next one runs it again for the same tenant, and those in line after it', async () => {
    const worker = await startWorker();
    const first = nextMessage<Begun>(worker);
    for (const slug of ['a', 'b', 'a', 'b']) {
      await app.tenancy.run(slug, () => app.queue().add(slug, {}));
    }
    expect(await first).toEqual({ name: 'a', tenant: 'a', database: 'a', started: 1 });
    await kill(worker);

    const next = await startWorker();
    const begun: Begun[] = [];
    next.on('message', (message) => {
      begun.push(message as Begun);
      next.send('go on');
    });
    await until('all done', async () => (await app.queue().getCompletedCount()) === 4);
    for (const { name, tenant, database } of begun)
      expect([tenant, database]).toEqual([name, name]);
    expect(begun.filter(({ started }) => started === 2)).toMatchObject([{ tenant: 'a' }]);
    expect(begun).toHaveLength(4);
    await kill(next);
  }, 60_000);

  it('again and again, at any time: every job is done, each for its tenant', async () => {
    const count = 40;
    for (let index = 0; index < count; index += 1) {
      const slug = index % 4 === 0 ? 'b' : 'a';
      await app.tenancy.run(slug, () => app.queue().add(slug, {}, { attempts: 3 }));
    }
    const wrong: Begun[] = [];
    let begun = 0;
    let worker: ChildProcess | undefined;
    for (let round = 0; round < 4; round += 1) {
      worker = await startWorker();
      const stopAt = round < 3 ? begun + 5 + round : Infinity;
      const child = worker;
      child.on('message', (message) => {
        const { name, tenant, database } = message as Begun;
        if (tenant !== name || database !== name) wrong.push(message as Begun);
        begun += 1;
        if (begun >= stopAt) child.kill('SIGKILL');
        else child.send('go on');
      });
      await until('it was killed, or all is done', async () => {
        if (child.signalCode !== null) return true;
        return (await app.queue().getCompletedCount()) === count;
      });
    }
    expect(wrong).toEqual([]);
    expect(await app.queue().getJobCounts('wait', 'delayed', 'active', 'failed')).toEqual({
      wait: 0,
      delayed: 0,
      active: 0,
      failed: 0,
    });
    if (worker !== undefined) await kill(worker);
  }, 120_000);
});
