import type { BreakerChange } from './circuit-breaker.js';
import type { RefusedReserve } from './fair-share.js';
import type { LongLease } from './pool-watch.js';

/**
 * What `ConnectionPoolManager.events` tells, by name. With `@nestjs/event-emitter` the ones with a payload are told
 * there as well, as `pool.breaker`, `pool.long-lease`, ….
 */
export interface PoolEvents {
  /** A connection was opened. This and the next three are called as mysql2's pool calls them. */
  connection: [];
  acquire: [];
  enqueue: [];
  release: [];
  /** Somebody has to wait, where nobody had to. */
  exhausted: [{ readonly server: string; readonly maxConnections: number }];
  /** A server became unavailable, is tried, or is back. */
  breaker: [BreakerChange];
  /** A lease is held for longer than `pool.longLease`: once for each. */
  'long-lease': [LongLease];
  /** A tenant's reserve cannot be kept in full: the reserves together would take all connections. */
  'reserve-refused': [RefusedReserve & { readonly server: string }];
}
