import type { ConnectionShare } from '../../context/current-tenant.js';
import type { Waiter } from './waiter.js';

/** A database that has leases, waits for some, or has places kept for it. */
export class Claimant {
  /** Leases now, those that are on their way included. */
  leases = 0;
  /** Places that are kept for it. */
  reserved = 0;
  max = Infinity;
  /** First come, first served among its own. */
  readonly waiters = new Set<Waiter>();
  /** Which of {@link FairShare}'s rows it stands in; undefined while nobody waits, or it has all that it may have. */
  row?: number;
  /** The terms it was last asked for on. */
  share?: ConnectionShare;

  constructor(readonly database: string) {}

  get unusedReserve(): number {
    return Math.max(0, this.reserved - this.leases);
  }

  get idle(): boolean {
    return this.leases === 0 && this.waiters.size === 0 && this.reserved === 0;
  }
}
