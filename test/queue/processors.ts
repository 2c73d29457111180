import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import type { Job } from 'bullmq';
import { CentralQueue } from '../../lib/queue/index.js';
import { Work } from './jobs-app.js';

@Injectable()
abstract class Working extends WorkerHost {
  constructor(readonly work: Work) {
    super();
  }

  process(job: Job): Promise<unknown> {
    return this.work.do(job);
  }
}

/** Quick to find out that a worker was killed, and that there is something to do. */
const QUICK = { stalledInterval: 1_000, lockDuration: 3_000, drainDelay: 1 };

@Processor('work', { concurrency: 1, ...QUICK })
export class OneAtATime extends Working {
  @OnWorkerEvent('active')
  active(job: Job): void {
    this.work.note('active', job);
  }

  @OnWorkerEvent('completed')
  completed(job: Job): void {
    this.work.note('completed', job);
  }

  @OnWorkerEvent('failed')
  failed(job: Job, error: Error): void {
    this.work.failures.set(job.id, error);
    this.work.note('failed', job);
  }

  @OnWorkerEvent('progress')
  progress(job: Job): void {
    this.work.note('progress', job);
  }

  @OnWorkerEvent('drained')
  drained(): void {
    this.work.note('drained');
  }
}

@Processor('work', { concurrency: 10, drainDelay: 1 })
export class ManyAtOnce extends Working {}

@CentralQueue()
@Processor('platform', { ...QUICK })
export class Platform extends WorkerHost {
  constructor(private readonly work: Work) {
    super();
  }

  async process(job: Job): Promise<void> {
    this.work.note('process', job);
  }

  @OnWorkerEvent('failed')
  failed(job: Job, error: Error): void {
    this.work.failures.set(job.id, error);
  }
}
