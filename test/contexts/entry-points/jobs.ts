import { BullModule, InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import { QueueEvents, type Job, type Queue } from 'bullmq';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { TenancyBullModule } from 'nestjs-tenancy/bullmq';
import { codeOf } from '../../support/rejection.js';
import { startRedis } from '../../support/redis.js';
import { startContextsApp } from '../app.js';
import type { EntryPoint } from '../entry-point.js';
import type { Seen } from '../sense.js';
import { ON_PURPOSE, Witness } from '../witness.js';

interface Order {
  readonly key: string;
  /** Throw in the first attempt. */
  readonly fail?: boolean;
}

@Processor('contexts', { concurrency: 50, drainDelay: 1 })
class Looking extends WorkerHost {
  constructor(private readonly witness: Witness) {
    super();
  }

  process(job: Job<Order>): Promise<Seen> {
    const { key, fail } = job.data;
    return fail && job.attemptsMade === 0 ? this.witness.fail(key) : this.witness.look(key);
  }
}

@Injectable()
class Orders {
  constructor(@InjectQueue('contexts') readonly queue: Queue<Order, Seen>) {}
}

const jobs: EntryPoint = {
  name: 'BullMQ jobs',
  refusal: 'TENANT_CONTEXT_MISSING',
  async start(databases) {
    const { host, port, stop } = await startRedis();
    const connection = { host, port };
    const app = await startContextsApp(databases, {
      imports: [
        BullModule.forRoot({ connection, prefix: randomUUID() }),
        BullModule.registerQueue({ name: 'contexts' }),
        TenancyBullModule.forRoot(),
      ],
      providers: [Looking, Orders],
    });
    const { queue } = app.nest.get(Orders);
    const events = new QueueEvents('contexts', { connection, prefix: queue.opts.prefix });
    // Each that waits for a job listens.
    events.setMaxListeners(0);
    queue.setMaxListeners(0);
    await events.waitUntilReady();
    return {
      app,
      async enter(tenant, key) {
        const job = await app.tenancy.run(tenant, () => queue.add('look', { key }));
        return job.waitUntilFinished(events);
      },
      /** It is tried again for the same tenant. */
      async fail(tenant, key) {
        const order = { key, fail: true };
        const job = await app.tenancy.run(tenant, () => queue.add('fail', order, { attempts: 2 }));
        const seen = await job.waitUntilFinished(events);
        const again = await app.tenancy.run(tenant, () => queue.getJob(job.id!));
        assert.match(again?.stacktrace?.join() ?? '', new RegExp(ON_PURPOSE));
        return seen;
      },
      withoutTenant: (key) => codeOf(() => queue.add('look', { key })),
      async stop() {
        await events.close();
        await app.close();
        await stop();
      },
    };
  },
};

export const entryPoints: readonly EntryPoint[] = [jobs];
