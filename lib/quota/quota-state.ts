import type { QuotaKey, QuotaLimit, QuotaPeriod } from '../options/quota-options.js';

/** How a tenant stands with one quota, in the quota's unit. */
export interface QuotaState {
  readonly key: QuotaKey;
  /** What is used in this period. */
  readonly used: number;
  /** What reservations hold beside it. */
  readonly reserved: number;
  readonly limit: QuotaLimit;
  /** What is left; null without a limit. */
  readonly remaining: number | null;
  /** Used and reserved, in percent of the limit; null without a limit. */
  readonly percentage: number | null;
  /** `exceeded` from 100 % on, `warning` from the quota's `warningThreshold` on. */
  readonly status: 'ok' | 'warning' | 'exceeded';
  readonly period: QuotaPeriod;
  /** Seconds from the period's begin to its end; null for the period `none`. */
  readonly seconds: number | null;
  /** When it begins anew; null for the period `none`. */
  readonly resetsAt: Date | null;
}
