import type { PooledConnection, SessionTarget } from './pooled-connection.js';

/** A connection and what its pool knows of it. Times are milliseconds of `performance.now()`. */
export class PoolMember {
  /** When it became idle, or was lent, last. */
  since = 0;
  /** Where it was lent, if that was noted. */
  trace?: { readonly stack?: string };
  /** How often in a row it went on with a waiting caller of the same database. */
  kept = 0;
  /** Set when it must not be lent again: closed when it comes back. */
  retired = false;
  /** Set when it is being closed, so that it is closed once. */
  closing = false;
  /** Told already that this lease is a long one. */
  reported = false;

  /** @param key {@link keyOf} of its session */
  constructor(
    readonly connection: PooledConnection,
    public target: SessionTarget,
    public key: string,
  ) {}
}

/** The same for two targets that one session serves. */
export function keyOf({ database, account }: SessionTarget): string {
  return account === undefined ? database : `${account.user}@${database}`;
}
