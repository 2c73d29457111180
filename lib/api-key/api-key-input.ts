import { ApiKeyInputError } from './errors.js';

/** A key to be made. */
export interface CreateApiKey {
  /** For people: what it is for. 1 to 100 characters. */
  readonly name: string;
  /** What it may be used for: up to 50, each of up to 64 letters, digits and `_ . : -`. Default none. */
  readonly scopes?: readonly string[];
  /** When it ends. Default: never, until it is revoked. */
  readonly expiresAt?: Date;
  /** How often it may ask in a minute, for keys of tenants; 1 to 1,000,000. Default: there is no limit. */
  readonly requestsPerMinute?: number;
}

export interface RotateApiKey {
  /** Milliseconds that the old key is let in beside the new one. Default 86,400,000: a day. 0 ends it at once. */
  readonly overlap?: number;
  /** When the new key ends. Default: as long after now as the old one was made for. */
  readonly expiresAt?: Date;
}

/** Which keys `list` gives. */
export interface ListApiKeys {
  /** Goes on after the key with this id: `next` of the page before. */
  readonly after?: string;
  /** Keys per page, 1 to 1,000. Default 50. */
  readonly limit?: number;
}

const SCOPE = /^[\w.:-]{1,64}$/;
const MOST_SCOPES = 50;
const MOST_PER_MINUTE = 1_000_000;
const MOST_ON_PAGE = 1_000;
const LONGEST_OVERLAP = 365 * 24 * 3_600_000;

/** @throws ApiKeyInputError */
export function checkCreate(input: CreateApiKey, central: boolean): void {
  const { name, scopes = [], expiresAt, requestsPerMinute } = input;
  if (typeof name !== 'string' || name.trim() === '' || name.length > 100) {
    throw new ApiKeyInputError('name', 'must be a text of 1 to 100 characters');
  }
  checkScopes(scopes);
  checkExpiry(expiresAt);
  if (requestsPerMinute === undefined) return;
  checkNumber('requestsPerMinute', requestsPerMinute, 1, MOST_PER_MINUTE);
  if (central) {
    throw new ApiKeyInputError(
      'requestsPerMinute',
      'is counted for tenants: a central key has none',
    );
  }
}

/** @throws ApiKeyInputError */
export function checkRotate({ overlap = 0, expiresAt }: RotateApiKey): void {
  checkNumber('overlap', overlap, 0, LONGEST_OVERLAP);
  checkExpiry(expiresAt);
}

/** @throws ApiKeyInputError */
export function checkLimit(limit: number): void {
  checkNumber('limit', limit, 1, MOST_ON_PAGE);
}

function checkScopes(scopes: readonly string[]): void {
  if (!Array.isArray(scopes) || scopes.length > MOST_SCOPES) {
    throw new ApiKeyInputError('scopes', `must be a list of up to ${MOST_SCOPES}`);
  }
  if (!scopes.every((scope) => typeof scope === 'string' && SCOPE.test(scope))) {
    throw new ApiKeyInputError('scopes', 'must each be up to 64 letters, digits and _ . : -');
  }
}

function checkExpiry(expiresAt: Date | undefined): void {
  if (expiresAt === undefined) return;
  if (!(expiresAt instanceof Date) || !(expiresAt.getTime() > Date.now())) {
    throw new ApiKeyInputError('expiresAt', 'must be a date to come');
  }
}

function checkNumber(field: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new ApiKeyInputError(field, `must be a whole number from ${least} to ${most}`);
}
