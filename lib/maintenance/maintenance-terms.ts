import { isAllowedEntry } from './allowed-addresses.js';
import { MaintenanceInputError } from './errors.js';

/** What a client is told, and who is served all the same. */
export interface MaintenanceTerms {
  /** What clients are told, as the `message` of the answer. At most 500 characters. Default `Down for maintenance`. */
  readonly message?: string;
  /**
   * Seconds after which clients are told to come again, where the end is not known: from 1 to a day. Default 60. Where
   * `until` is given it is the time that is left until then.
   */
  readonly retryAfter?: number;
  /** Addresses and networks, of IPv4 and IPv6, that are served: `203.0.113.7`, `10.0.0.0/8`, `2001:db8::/32`. At most 100. */
  readonly allow?: readonly string[];
  /** Make a secret with which requests are served that have it in the header `X-Maintenance-Bypass`. Default false. */
  readonly bypass?: boolean;
}

/** The terms of a maintenance that begins at once. */
export interface EnableMaintenance extends MaintenanceTerms {
  /** When it ends by itself. Default: it goes on until it is disabled. */
  readonly until?: Date;
}

/** The terms of a maintenance that begins and ends by itself. */
export interface ScheduleMaintenance extends MaintenanceTerms {
  readonly from: Date;
  readonly until: Date;
}

export const DEFAULT_MESSAGE = 'Down for maintenance';
const RETRY_AFTER = 60;
const LONGEST_RETRY = 86_400;
const LONGEST_MESSAGE = 500;
const MOST_ALLOWED = 100;

/** The terms as they are kept. */
export interface CheckedTerms {
  readonly message: string | null;
  readonly retryAfter: number;
  readonly allowed: readonly string[];
}

/** @throws MaintenanceInputError */
export function checkTerms(terms: MaintenanceTerms): CheckedTerms {
  const { message, retryAfter = RETRY_AFTER, allow = [] } = terms;
  if (message !== undefined && (message.trim() === '' || message.length > LONGEST_MESSAGE)) {
    throw new MaintenanceInputError('message', `must have 1 to ${LONGEST_MESSAGE} characters`);
  }
  if (!Number.isInteger(retryAfter) || retryAfter < 1 || retryAfter > LONGEST_RETRY) {
    throw new MaintenanceInputError('retryAfter', `must be 1 to ${LONGEST_RETRY} whole seconds`);
  }
  if (allow.length > MOST_ALLOWED) {
    throw new MaintenanceInputError('allow', `must have at most ${MOST_ALLOWED} entries`);
  }
  const wrong = allow.find((entry) => !isAllowedEntry(entry));
  if (wrong !== undefined) {
    const problem = `must name addresses or networks such as 10.0.0.0/8, not "${wrong.slice(0, 64)}"`;
    throw new MaintenanceInputError('allow', problem);
  }
  return { message: message ?? null, retryAfter, allowed: [...allow] };
}

/**
 * The time of `date` in milliseconds.
 * @throws MaintenanceInputError unless it is after `after`
 */
export function checkTime(what: string, date: Date, after: number): number {
  const time = date.getTime();
  if (Number.isNaN(time)) throw new MaintenanceInputError(what, 'must be a date');
  if (time <= after) {
    throw new MaintenanceInputError(what, `must be after ${new Date(after).toISOString()}`);
  }
  return time;
}
