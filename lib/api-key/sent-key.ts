import type { IdentifiableRequest } from '../options/identifier.js';
import { isMeantAsKey } from './key-text.js';

/** More than one key was sent, and they differ. */
export const SEVERAL_KEYS = Symbol('several API keys');

/**
 * The API key that `request` carries in a header, or undefined. Never the URL, which ends up in logs. What stands in
 * `X-API-Key` is meant as one; a bearer token only when it begins like one, because it may be somebody else's.
 */
export function sentKey(
  { headers }: Pick<IdentifiableRequest, 'headers'>,
  prefix: string,
): string | typeof SEVERAL_KEYS | undefined {
  const own = headers['x-api-key'];
  // Node joins a repeated header, which makes it no key.
  const named = typeof own === 'string' && own !== '' ? own : undefined;
  const bearer = bearerToken(headers['authorization']);
  const borne = bearer !== undefined && isMeantAsKey(bearer, prefix) ? bearer : undefined;
  if (named !== undefined && borne !== undefined && named !== borne) return SEVERAL_KEYS;
  return named ?? borne;
}

function bearerToken(authorization: string | string[] | undefined): string | undefined {
  if (typeof authorization !== 'string') return undefined;
  return /^bearer +(\S+) *$/i.exec(authorization)?.[1];
}
