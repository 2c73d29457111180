import { LockTimeoutError } from '../../errors.js';

interface Waiter {
  readonly enter: () => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * One writer at a time for one file, first come first served. SQLite allows only one anyway, but waits for its turn
 * inside a synchronous call, which stops the whole process: so the wait happens here.
 */
export class FileWriteLock {
  /** Open handles of the file: without any, nobody needs the lock. */
  handles = 0;
  private held = false;
  private readonly waiters = new Set<Waiter>();

  constructor(private readonly file: string) {}

  /** @throws LockTimeoutError after `timeout` milliseconds */
  acquire(timeout: number): void | Promise<void> {
    if (!this.held) {
      this.held = true;
      return;
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiters.delete(waiter);
        reject(new LockTimeoutError(`writer of ${this.file}`, timeout));
      }, timeout);
      const waiter: Waiter = { enter: resolve, timer };
      this.waiters.add(waiter);
    });
  }

  release(): void {
    const [next] = this.waiters;
    if (next === undefined) {
      this.held = false;
      return;
    }
    this.waiters.delete(next);
    clearTimeout(next.timer);
    next.enter();
  }
}
