import { BullModule, getFlowProducerToken, getQueueToken } from '@nestjs/bullmq';
import { Inject, Injectable, Optional, type Provider } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { FlowProducer, Job, Queue, QueueOptions } from 'bullmq';
import { DataSource } from 'typeorm';
import { Tenancy } from '../../lib/index.js';
import { TenancyBullModule, type TenantJobsOptions } from '../../lib/queue/index.js';
import type { EngineSetup } from '../support/engines.js';
import type { RedisServer } from '../support/redis.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';

// Nothing in this file but `TenancyBullModule` knows of tenants: it is an app with queues as its documentation has it.

export const HANDLER = Symbol('handler');

/** What a processor is to do with a job, and what was seen. */
@Injectable()
export class Work {
  /** Whose database the code is at, and whose context it runs in. */
  readonly seen: Seen[] = [];
  /** What jobs have failed with, by their id. */
  readonly failures = new Map<string | undefined, unknown>();

  constructor(
    @InjectDataSource() readonly dataSource: DataSource,
    readonly tenancy: Tenancy,
    @Optional() @Inject(HANDLER) private readonly handler?: (job: Job, work: Work) => unknown,
  ) {}

  async do(job: Job): Promise<unknown> {
    await this.look('process', job);
    return this.handler?.(job, this);
  }

  /** Notes what the running code is at, after it has gone to the database. */
  async look(what: string, job?: Job): Promise<void> {
    const [row] = await this.dataSource.query<{ slug: string }[]>('SELECT slug FROM owner');
    this.note(what, job, row?.slug);
  }

  note(what: string, job?: Job, database?: string): void {
    const tenant = this.tenancy.current?.slug;
    this.seen.push({ what, id: job?.id, name: job?.name, tenant, database });
  }
}

export interface Seen {
  readonly what: string;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly tenant?: string | undefined;
  readonly database?: string | undefined;
}

export interface JobsApp extends TenancyApp {
  readonly work: Work;
  readonly flows: FlowProducer;
  queue(name?: string): Queue;
}

export interface JobsAppParts {
  readonly providers?: readonly Provider[];
  readonly queues?: readonly string[];
  readonly queueOptions?: Partial<QueueOptions>;
  readonly options?: TenantJobsOptions;
  readonly handler?: (job: Job, work: Work) => unknown;
  /** Apart from the queues of other tests. */
  readonly prefix: string;
}

/** Starts an app with queues, and tenants whose database says whose it is. */
export async function startJobsApp(
  setup: EngineSetup,
  { host, port }: Pick<RedisServer, 'host' | 'port'>,
  parts: JobsAppParts,
): Promise<JobsApp> {
  const { providers = [], queues = ['work'], queueOptions, options, handler, prefix } = parts;
  const app = await startTenancyApp(setup, {
    options: {
      tenants: {
        seed: async ({ slug }, dataSource) => {
          await dataSource.query('CREATE TABLE owner (slug VARCHAR(63))');
          await dataSource.query(`INSERT INTO owner VALUES ('${slug}')`);
        },
      },
    },
    imports: [
      BullModule.forRoot({ connection: { host, port }, prefix, ...queueOptions }),
      BullModule.registerQueue(...queues.map((name) => ({ name }))),
      BullModule.registerFlowProducer({ name: 'flows' }),
      TenancyBullModule.forRoot(options),
    ],
    providers: [Work, { provide: HANDLER, useValue: handler }, ...providers],
  });
  return {
    ...app,
    work: app.context.get(Work),
    flows: app.context.get(getFlowProducerToken('flows')),
    queue: (name = 'work') => app.context.get(getQueueToken(name)),
  };
}
