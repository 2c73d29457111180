import type { LeaseRequest } from './lease-request.js';
import type { Lease } from './pooled-connection.js';

/** A caller that waits for a connection. */
export class Waiter {
  readonly since = performance.now();
  readonly promise: Promise<Lease>;
  private resolve!: (lease: Lease | Promise<Lease>) => void;
  private reject!: (error: unknown) => void;
  private stopWatching?: () => void;

  constructor(readonly request: LeaseRequest) {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** Calls `late` after `timeout` milliseconds, or `aborted` when `signal` is, unless the wait has ended by then. */
  watch(timeout: number, late: () => void, signal: AbortSignal | undefined, aborted: () => void) {
    const timer = setTimeout(late, timeout);
    signal?.addEventListener('abort', aborted);
    this.stopWatching = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
    };
  }

  serve(lease: Lease | Promise<Lease>): void {
    this.stopWatching?.();
    this.resolve(lease);
  }

  refuse(error: unknown): void {
    this.stopWatching?.();
    this.reject(error);
  }
}
