import { createHash } from 'node:crypto';
import { IdempotencyKeyInvalidError } from '../errors.js';

/** https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ */
export const IDEMPOTENCY_KEY = 'Idempotency-Key';

/** Between the quotes of a string as RFC 8941 has it; quotes and backslashes in it are escaped. */
const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])+)"$/;
/** What clients send that do not keep to the draft: with no quotes around. */
const BARE = /^[!#-[\]-~]+$/;

/**
 * The key that a request has, or undefined. `"abc"` and `abc` are the same.
 * @throws IdempotencyKeyInvalidError
 */
export function idempotencyKeyOf(field: string | string[] | undefined): string | undefined {
  if (field === undefined) return undefined;
  if (typeof field !== 'string' || field.length > 257) throw new IdempotencyKeyInvalidError();
  const key = QUOTED.exec(field)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? BARE.exec(field)?.[0];
  if (key === undefined || key.length > 255) throw new IdempotencyKeyInvalidError();
  return key;
}

/** A hash of texts in their order. Of a key that guards nothing: it only tells one from another. */
export function hashOf(...parts: readonly unknown[]): string {
  return createHash('sha256')
    .update(JSON.stringify(parts.map(sorted)))
    .digest('hex');
}

/** The same for two objects that differ in the order of their members alone. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  // As pairs: a member called __proto__ is one like the others.
  const members = Object.entries(value).filter(([, one]) => one !== undefined);
  return {
    members: members.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, sorted(v)]),
  };
}
