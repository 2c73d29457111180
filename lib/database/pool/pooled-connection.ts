import type { Placement } from '../../context/current-tenant.js';

/** What a session is opened at or turned to: a database (`''` for none), and who is logged in. */
export type SessionTarget = Pick<Placement, 'database' | 'account'>;

/**
 * A connection that the pool owns. What the pool lends is a {@link Lease} on it: whatever a borrower keeps after giving
 * it back must not reach the connection any more.
 */
export interface PooledConnection<L extends Lease = Lease> {
  /** True when the link is gone or its state is unknown: the pool closes it instead of lending it again. */
  readonly broken: boolean;
  /** True when the last lease left something in the session (a variable, a lock, an open transaction, another database). */
  readonly soiled: boolean;
  /** True when the server refused to write because it is a replica now: all connections lead to the wrong server. */
  readonly demoted: boolean;
  /** What has come from the server so far: while it grows, the server lives. Undefined where nothing can stall. */
  readonly bytesRead?: number;
  /** Milliseconds that it may be idle and still be lent as it is: the server closes it soon after. Undefined: any. */
  readonly idleLimit?: number;
  /** Called once, when the link breaks while nobody holds a lease. */
  onBroken?: () => void;
  /** Lends the connection; `release` of the lease calls `giveBack` once. */
  lend(giveBack: () => void): L;
  /** Makes the session equal to a fresh one that was opened at `target`, whatever was done in it. */
  turn(target: SessionTarget): Promise<void>;
  /** Cuts the link: what runs on it fails with `reason`. */
  cut(reason: Error): void;
  /** Ends when the server has let it go, or at once when the link is gone already. */
  close(): Promise<void>;
}

/** A connection borrowed for one tenant. */
export interface Lease {
  /** Gives the connection back. A second call does nothing. */
  release(): void;
}
