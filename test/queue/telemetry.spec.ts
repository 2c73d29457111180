import type { QueueOptions } from 'bullmq';
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { engines, type EngineSetup } from '../support/engines.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';
import { startJobsApp, type JobsApp } from './jobs-app.js';
import { OneAtATime } from './processors.js';

const [engine] = engines;

type Telemetry = NonNullable<QueueOptions['telemetry']>;

describe('an app’s own telemetry', () => {
  let redis: RedisServer;
  let setup: EngineSetup;
  let app: JobsApp;
  const trace = new AsyncLocalStorage<string>();
  const traces: [name: string, trace: string | undefined, tenant: string | undefined][] = [];

  /** A trace is its name; it is carried as JSON, which is what OpenTelemetry's carriers are. */
  const telemetry: Telemetry = {
    tracer: {
      startSpan: () => ({
        setSpanOnContext: (context: string) => context,
        setAttribute() {},
        setAttributes() {},
        addEvent() {},
        recordException() {},
        end() {},
      }),
    },
    contextManager: {
      with: (context: string, work) => trace.run(context, work),
      active: () => trace.getStore() ?? 'none',
      getMetadata: (context: string) => JSON.stringify({ trace: context }),
      fromMetadata: (_active, metadata) => JSON.parse(metadata).trace,
    },
  };

  beforeAll(async () => {
    redis = await startRedis();
    setup = await engine!.prepare();
    app = await startJobsApp(setup, redis, {
      prefix: randomUUID(),
      providers: [OneAtATime],
      queueOptions: { telemetry },
      handler: ({ name }, work) => {
        traces.push([name, trace.getStore(), work.tenancy.current?.slug]);
      },
    });
    for (const slug of ['a', 'b']) await app.tenants.create({ slug });
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
    await redis.stop();
  });

  it('is carried beside the tenant, through every way of adding a job', async () => {
    const queue = app.queue();
    for (const slug of ['a', 'b']) {
      await app.tenancy.run(slug, () =>
        trace.run(`trace-${slug}`, async () => {
          await queue.add('add', {});
          await queue.addBulk([{ name: 'addBulk', data: {} }]);
          await app.flows.add({ name: 'flow', queueName: 'work' });
          await queue.upsertJobScheduler('tick', { every: 60_000 }, { name: 'scheduler' });
          const own = { metadata: JSON.stringify({ trace: 'own' }) };
          await queue.addBulk([{ name: 'own', data: {}, opts: { telemetry: own } }]);
          await queue.add('omitted', {}, { telemetry: { omitContext: true } });
          await queue.addBulk([
            { name: 'omitted', data: {}, opts: { telemetry: { omitContext: true } } },
          ]);
        }),
      );
    }
    await until('all ran', () => traces.length === 14);
    for (const slug of ['a', 'b']) {
      const own = traces.filter(([, , tenant]) => tenant === slug);
      expect(Object.fromEntries(own.map(([name, seen]) => [name, seen]))).toEqual({
        add: `trace-${slug}`,
        addBulk: `trace-${slug}`,
        flow: `trace-${slug}`,
        scheduler: `trace-${slug}`,
        own: 'own',
        omitted: 'none',
      });
    }
  });
});
