import { parse } from 'cookie';
import type { Identifier } from '../options/identifier.js';
import { tenantKey } from './tenant-key.js';
import type { Vouching } from './vouching.js';

export interface ByCookieOptions extends Vouching {
  /** The cookie's name. */
  readonly name: string;
}

/**
 * Finds the tenant by the slug or id in a cookie. Of two cookies of one name the first counts, which is the one that a
 * browser holds for the longer path. An empty one counts as absent.
 */
export function byCookie({ name, authorize, trusted }: ByCookieOptions): Identifier {
  return {
    name: `cookie ${name}`,
    forgeable: true,
    authorize,
    trusted,
    identify(request) {
      const { cookie } = request.headers;
      if (typeof cookie !== 'string') return undefined;
      const value = parse(cookie)[name];
      return value === undefined || value === '' ? undefined : tenantKey(value);
    },
  };
}
