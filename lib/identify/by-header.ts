import { InvalidTenantKey, type Identifier } from '../options/identifier.js';
import { tenantKey } from './tenant-key.js';
import type { Vouching } from './vouching.js';

export interface ByHeaderOptions extends Vouching {
  /** The header's name, in any case: `X-Tenant-Id`. */
  readonly name: string;
}

/** Finds the tenant by the slug or id in a header. An empty header counts as absent, a repeated one is refused. */
export function byHeader({ name, authorize, trusted }: ByHeaderOptions): Identifier {
  const header = name.toLowerCase();
  return {
    name: `header ${header}`,
    forgeable: true,
    authorize,
    trusted,
    identify(request) {
      const value = request.headers[header];
      if (value === undefined || value === '') return undefined;
      // Node joins a repeated header with ", ", which is no slug; some (set-cookie) it hands on as an array.
      return typeof value === 'string'
        ? tenantKey(value)
        : new InvalidTenantKey('the header was sent more than once');
    },
  };
}
