import { InvalidTenantKey, type Identifier } from '../options/identifier.js';
import { tenantKey } from './tenant-key.js';
import type { Vouching } from './vouching.js';

export interface ByQueryOptions extends Vouching {
  /** The parameter's name: `tenant` for `?tenant=acme`. */
  readonly name: string;
}

/** Finds the tenant by the slug or id in a query parameter. An empty one counts as absent, a repeated one is refused. */
export function byQuery({ name, authorize, trusted }: ByQueryOptions): Identifier {
  return {
    name: `query ${name}`,
    forgeable: true,
    authorize,
    trusted,
    identify(request) {
      const url = request.originalUrl ?? request.url ?? '';
      const start = url.indexOf('?');
      if (start === -1) return undefined;
      const [value = '', ...more] = new URLSearchParams(url.slice(start)).getAll(name);
      if (more.length > 0) return new InvalidTenantKey('the parameter was sent more than once');
      return value === '' ? undefined : tenantKey(value);
    },
  };
}
