import type { Queue, RedisClient, Worker } from 'bullmq';
import { ADMIT, DISSOLVE, WAKE } from './turn-scripts.js';

/** Milliseconds after which a job that waits for its tenant's turn comes back by itself, whatever happened to its line. */
const HOLD = 600_000;
/** Jobs that are sorted in one step: some 10 ms of Redis's time. */
const CHUNK = 1_000;

const SCRIPTS = { tenancyAdmit: ADMIT, tenancyWake: WAKE, tenancyDissolve: DISSOLVE } as const;

/**
 * Tenants take turns in a queue: each has a line of its own, and whenever a worker is free, the next tenant's first job
 * is let through. So a tenant's job waits for one job of each other tenant, however many those have.
 */
export class FairTurns {
  private readonly prepared = new WeakSet<RedisClient>();
  private behind = false;

  /**
   * @param queue or worker, whose keys these are
   * @param maxActive jobs of one tenant that may run at once, on all workers together; 0 for any number
   * @param maxRate of BullMQ's rate limiter
   */
  constructor(
    private readonly queue: Pick<Queue | Worker, 'toKey' | 'client'>,
    private readonly maxActive = 0,
    private readonly maxRate = 0,
  ) {}

  /**
   * Takes the next job with `take`, BullMQ's own way, in the same transaction in which it is let through.
   * @param take runs one command of the client that it is given
   */
  async next<T>(client: RedisClient, take: (client: RedisClient) => Promise<T>): Promise<T> {
    this.prepare(client);
    // More came at once than is sorted in one step: sort it before anybody else is let through.
    while (this.behind) {
      this.behind = (await client.runCommand('tenancyAdmit', this.args({ sortOnly: true }))) > 0;
    }
    const inTurn: RedisClient = Object.create(client, {
      runCommand: {
        value: async (name: string, args: unknown[]) => {
          const multi = client.multi();
          multi.runCommand('tenancyAdmit', this.args());
          multi.runCommand(name, args);
          const results = await multi.exec();
          for (const [error] of results ?? []) if (error) throw error;
          this.behind = (results?.[0]?.[1] ?? 0) > 0;
          return results?.[1]?.[1];
        },
      },
    });
    return take(inTurn);
  }

  /** Wakes workers that wait, because a job has ended that others may have been kept back for. */
  async wake(): Promise<void> {
    await this.run('tenancyWake');
  }

  /** Puts all that waits for its tenant's turn back among what waits. */
  async dissolve(): Promise<void> {
    while ((await this.run('tenancyDissolve')) === 1);
  }

  private async run(name: keyof typeof SCRIPTS): Promise<unknown> {
    const client = await this.queue.client;
    this.prepare(client);
    return client.runCommand(name, this.args());
  }

  private prepare(client: RedisClient): void {
    if (this.prepared.has(client)) return;
    this.prepared.add(client);
    for (const [name, lua] of Object.entries(SCRIPTS)) {
      client.defineCommand(name, { numberOfKeys: 1, lua });
    }
  }

  private args({ sortOnly = false } = {}): (string | number)[] {
    // Not before the time that BullMQ takes for its own step after ours.
    const now = Date.now() + 1;
    const turns = this.queue.toKey('tenancy-turns');
    const { maxActive, maxRate } = this;
    return [turns, this.queue.toKey(''), now, HOLD, CHUNK, maxActive, maxRate, sortOnly ? 1 : 0];
  }
}
