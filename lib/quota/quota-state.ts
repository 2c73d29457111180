import type { QuotaKey, QuotaLimit, QuotaPeriod } from '../options/quota-options.js';
import { toUnits } from './amounts.js';
import type { Quota } from './quota-terms.js';

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

/**
 * @param taken what is used and reserved, in parts
 * @param reserved what of it is reserved
 */
export function stateOf(
  { key, definition, limit, most, span }: Quota,
  taken: number,
  reserved: number,
): QuotaState {
  const percentage = most === null ? null : most === 0 ? 100 : (taken / most) * 100;
  return {
    key,
    used: toUnits(taken - reserved),
    reserved: toUnits(reserved),
    limit,
    remaining: most === null ? null : toUnits(Math.max(0, most - taken)),
    percentage,
    status: statusOf(percentage, definition.warningThreshold),
    period: definition.period,
    seconds: Number.isFinite(span.end) ? Math.round((span.end - span.start) / 1_000) : null,
    resetsAt: Number.isFinite(span.end) ? new Date(span.end) : null,
  };
}

function statusOf(percentage: number | null, threshold: number): QuotaState['status'] {
  if (percentage === null) return 'ok';
  if (percentage >= 100) return 'exceeded';
  return percentage >= threshold ? 'warning' : 'ok';
}
