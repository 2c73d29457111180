import type { TenantReference } from '../tenant/tenant.service.js';
import { ImpersonationInputError } from './errors.js';

/** Who is to act in whose place. */
export interface IssueImpersonation {
  readonly tenant: TenantReference;
  /** The user in whose place the operator acts, as the app knows it; at most 255 characters. */
  readonly userId: string;
  /** The operator, as the app knows it; at most 255 characters. */
  readonly actor: string;
  /** Why, for the audit trail; at most 500 characters. */
  readonly reason?: string;
  /** Refuse what may change something. Default false. */
  readonly readOnly?: boolean;
  /** Milliseconds that it lasts, from when the token is redeemed. Default an hour, at most eight. */
  readonly duration?: number;
}

const HOUR = 3_600_000;
const MAXIMUM_DURATION = 8 * HOUR;

type Checked = Required<Omit<IssueImpersonation, 'tenant' | 'reason'>> & {
  readonly reason: string | null;
};

/** @throws ImpersonationInputError */
export function checkImpersonation(input: IssueImpersonation): Checked {
  const { userId, actor, reason, readOnly = false, duration = HOUR } = input;
  checkText('userId', userId, 255);
  checkText('actor', actor, 255);
  if (reason !== undefined) checkText('reason', reason, 500);
  if (!Number.isInteger(duration) || duration < 1 || duration > MAXIMUM_DURATION) {
    throw new ImpersonationInputError('duration', `must be 1 to ${MAXIMUM_DURATION} milliseconds`);
  }
  return { userId, actor, reason: reason ?? null, readOnly, duration };
}

function checkText(what: string, text: unknown, longest: number): void {
  if (typeof text === 'string' && text.trim() !== '' && text.length <= longest) return;
  throw new ImpersonationInputError(what, `must be a text of 1 to ${longest} characters`);
}
