import type { EventEmitter } from 'node:events';
import { currentContext } from '../../context/tenant-context.js';
import { LeaseAbortedError, PoolQueueFullError, PoolTimeoutError } from '../errors.js';
import type { FairShare } from './fair-share.js';
import type { LeaseRequest } from './lease-request.js';
import type { PoolEvents } from './pool-events.js';
import type { PoolStatistics } from './pool-statistics.js';
import type { Lease } from './pooled-connection.js';
import { Waiter } from './waiter.js';

export interface WaitingLineOptions {
  readonly server: string;
  readonly maxConnections: number;
  readonly maxWaiting: number;
  /** Milliseconds. */
  readonly acquireTimeout: number;
}

/** The callers that wait for a connection: for a bounded time, in a bounded number, and while somebody wants the answer. */
export class WaitingLine {
  /** @param share says who is next */
  constructor(
    private readonly options: WaitingLineOptions,
    private readonly share: FairShare,
    private readonly statistics: PoolStatistics,
    private readonly events: EventEmitter<PoolEvents>,
  ) {}

  /**
   * Ends with a lease when a connection is given on to it, else with an error.
   * @throws PoolTimeoutError, PoolQueueFullError, LeaseAbortedError
   */
  wait(request: LeaseRequest): Promise<Lease> {
    const { server, acquireTimeout, maxConnections } = this.options;
    const signal = currentContext()?.work.signal?.();
    const refusal = this.refusalToWait(signal);
    if (refusal !== undefined) {
      this.share.forgetIdle(request.claimant);
      throw refusal;
    }
    this.events.emit('enqueue');
    const waiter = new Waiter(request);
    const late = () => {
      this.statistics.gaveUp('timeouts');
      const { leases, waiting } = this.share;
      const found = { leases, maxConnections, waiting: waiting - 1 };
      this.refuse(waiter, new PoolTimeoutError(server, acquireTimeout, found));
    };
    waiter.watch(acquireTimeout, late, signal, () => this.refuse(waiter, this.aborted()));
    this.share.wait(waiter);
    return waiter.promise;
  }

  /** Its turn has come: what it waited for is for the caller to {@link Waiter.serve}. */
  dequeue(waiter: Waiter): LeaseRequest {
    this.share.stopWaiting(waiter);
    const { request, since } = waiter;
    this.statistics.waited(request.target.database, performance.now() - since);
    return request;
  }

  refuseAll(error: () => Error): void {
    for (const waiter of this.share.allWaiting()) this.refuse(waiter, error());
  }

  private refusalToWait(signal: AbortSignal | undefined): Error | undefined {
    const { server, maxWaiting } = this.options;
    if (signal?.aborted) return this.aborted();
    if (this.share.waiting < maxWaiting) return undefined;
    this.statistics.gaveUp('refused');
    return new PoolQueueFullError(server, maxWaiting);
  }

  private aborted(): LeaseAbortedError {
    this.statistics.gaveUp('aborted');
    return new LeaseAbortedError(this.options.server);
  }

  private refuse(waiter: Waiter, error: Error): void {
    const { claimant } = this.dequeue(waiter);
    this.share.forgetIdle(claimant);
    waiter.refuse(error);
  }
}
