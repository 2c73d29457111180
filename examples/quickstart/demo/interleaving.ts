import { EventEmitter, once } from 'node:events';
import type { DataSource, EntitySubscriberInterface } from 'typeorm';

/** Milliseconds that the first transaction stays open for a second one to come. */
const PATIENCE = 2_000;

/**
 * Makes the next two transactions overlap, whatever the timing: the first, with everything written, does not commit
 * before the second has asked to begin.
 */
export class Interleaving implements EntitySubscriberInterface {
  /** False until the two have overlapped, and for good if no second one came. */
  happened = false;
  private readonly events = new EventEmitter();
  private begun = 0;
  private committing = false;

  private constructor() {}

  /** Runs `work`, whose transactions are to overlap. */
  static async during<T>(
    dataSource: DataSource,
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly happened: boolean }> {
    const interleaving = new Interleaving();
    dataSource.subscribers.push(interleaving);
    try {
      return { result: await work(), happened: interleaving.happened };
    } finally {
      dataSource.subscribers.splice(dataSource.subscribers.indexOf(interleaving), 1);
    }
  }

  beforeTransactionStart(): void {
    this.begun += 1;
    this.events.emit('begin');
  }

  async beforeTransactionCommit(): Promise<void> {
    if (this.committing) return;
    this.committing = true;
    if (this.begun < 2) {
      await once(this.events, 'begin', { signal: AbortSignal.timeout(PATIENCE) });
    }
    this.happened = true;
  }
}
