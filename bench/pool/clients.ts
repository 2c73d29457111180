import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Child } from '../harness/child.js';
import type { Answer, ClientOrder, ClientReport, Stream } from '../load/stream.js';

/** The answers of each stream by its name. */
export type Answers = Readonly<Record<string, readonly Answer[]>>;

/** The clients, in a process of their own. */
export class Clients {
  private readonly child = Child.fork(join(__dirname, '../load/clients.js'));
  /** The greatest share of a core that the process took between two orders: near 1 it was the bottleneck. */
  busiest = 0;
  /** As of the last order: see `load/cpu-wait.ts`. */
  cpuWait?: number;

  /** Starts streams beside those that run. */
  async start(...streams: readonly Stream[]): Promise<void> {
    await this.order({ start: streams });
  }

  /** Ends all streams, or waits until they have ended by themselves, and gives what they were answered. */
  async finish(when: 'now' | 'all' = 'now'): Promise<Answers> {
    return (await this.order({ finish: when })).answers ?? {};
  }

  /** What streams are answered in so many seconds. */
  async run(seconds: number, ...streams: readonly Stream[]): Promise<Answers> {
    await this.start(...streams);
    await delay(seconds * 1000);
    return this.finish();
  }

  stop(): Promise<void> {
    return this.child.stop();
  }

  /** @throws Error when the app gave another answer than the request's own row */
  private async order(order: ClientOrder): Promise<ClientReport> {
    const report = await this.child.ask<ClientReport>(order);
    if (report.failure !== undefined) throw new Error(`The clients failed:\n${report.failure}`);
    this.busiest = Math.max(this.busiest, report.busy);
    this.cpuWait = report.cpuWait;
    return report;
  }
}
