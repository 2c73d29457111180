import type { BreakerState } from './circuit-breaker.js';
import type { CloseReason, Percentiles, TenantUse } from './pool-statistics.js';

/** What a pool has and has done since it was made. */
export interface ServerPoolStats {
  readonly server: string;
  readonly maxConnections: number;
  /** Connections now: open = idle + leased + being turned or closed; opening ones are on their way and count against the bound. */
  readonly open: number;
  readonly opening: number;
  readonly idle: number;
  readonly leased: number;
  /** Callers waiting for a connection. */
  readonly waiting: number;
  /** Leases since the start, by how they were served: as it was, turned to the tenant, or by a new connection. */
  readonly reused: number;
  readonly turned: number;
  readonly opened: number;
  /** The part of all leases that needed no new connection. */
  readonly reuseRate: number;
  /** Connections closed since the start, by reason. */
  readonly closed: Readonly<Record<CloseReason, number>>;
  /** Callers that got none in time. */
  readonly timeouts: number;
  /** Callers that found the line full. */
  readonly refused: number;
  /** Callers that went away while they waited. */
  readonly aborted: number;
  /** How long callers waited who had to, in the last one to two minutes. */
  readonly wait: Percentiles;
  /** How long leases were held, in the last one to two minutes. */
  readonly hold: Percentiles;
  readonly breaker: BreakerState;
  /** Who used it the most in the last one to two minutes: ten at most. */
  readonly busiest: readonly TenantUse[];
}
