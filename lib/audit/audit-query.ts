import { AUDIT_OUTCOMES, type AuditOutcome } from './audit-entry.js';
import { AuditQueryError } from './errors.js';

/** Which entries of a chain. All that is given must hold. */
export interface AuditFilter {
  /** `invoice.paid`, or `invoice.*` for all that begin so. */
  readonly action?: string;
  readonly outcome?: AuditOutcome;
  readonly actor?: string;
  /** The id of the tenant that it was done to: for the central chain. */
  readonly tenantId?: string;
  readonly requestId?: string;
  readonly from?: Date;
  /** Before this moment. */
  readonly to?: Date;
}

export interface AuditQuery extends AuditFilter {
  /** Default `newest` first. */
  readonly order?: 'newest' | 'oldest';
  /** Goes on after the page before: its `next`. */
  readonly after?: string;
  /** Entries per page, 1 to 1,000. Default 50. */
  readonly limit?: number;
}

const MOST = 1_000;

/** @throws AuditQueryError */
export function checkQuery(query: AuditQuery): void {
  const { limit = 50, after, outcome, from, to, order = 'newest' } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) {
    throw new AuditQueryError(`limit must be an integer from 1 to ${MOST}`);
  }
  if (after !== undefined && !/^\d{1,15}$/.test(after)) {
    throw new AuditQueryError('after must be the next of a page before');
  }
  if (outcome !== undefined && !AUDIT_OUTCOMES.includes(outcome)) {
    throw new AuditQueryError(`outcome must be one of ${AUDIT_OUTCOMES.join(', ')}`);
  }
  if (!['newest', 'oldest'].includes(order)) {
    throw new AuditQueryError('order must be newest or oldest');
  }
  for (const date of [from, to]) {
    if (date !== undefined && Number.isNaN(date.getTime())) {
      throw new AuditQueryError('from and to must be dates');
    }
  }
}
