/**
 * A connection that the pool owns. What the pool lends is a {@link Lease} on it: whatever a borrower keeps after giving
 * it back must not reach the connection any more.
 */
export interface PooledConnection<L extends Lease = Lease> {
  /** The database that the session is in; `''` when none was chosen yet. */
  readonly database: string;
  /** True when the link is gone or its state is unknown: the pool closes it instead of lending it again. */
  readonly broken: boolean;
  /** True when the last lease left something in the session (a variable, a lock, an open transaction, another database). */
  readonly soiled: boolean;
  /** Called once, when the link breaks while nobody holds a lease. */
  onBroken?: () => void;
  /** Lends the connection; `release` of the lease calls `giveBack` once. */
  lend(giveBack: () => void): L;
  /** Makes the session equal to a fresh one that was opened at `database`, whatever was done in it. */
  turn(database: string): Promise<void>;
  close(): Promise<void>;
}

/** A connection borrowed for one tenant. */
export interface Lease {
  /** Gives the connection back. A second call does nothing. */
  release(): void;
}
