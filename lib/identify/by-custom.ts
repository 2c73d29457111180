import type {
  Identifier,
  IdentifiableRequest,
  InvalidTenantKey,
  TenantKey,
} from '../options/identifier.js';
import { whenKnown } from './now-or-later.js';
import { tenantKey } from './tenant-key.js';
import type { Vouching } from './vouching.js';

/** What the app's own function may find: a slug or id as a string, a key, or an `InvalidTenantKey`. */
export type CustomKey = string | TenantKey | InvalidTenantKey | undefined;

export interface ByCustomOptions extends Vouching {
  /** For logs and errors. */
  readonly name: string;
  /** False when no client can choose what `identify` reads. Default true, and then it needs `authorize` or `trusted`. */
  readonly forgeable?: boolean;
  /** True when `identify` verifies a credential: see {@link Identifier.credential}. Default false. */
  readonly credential?: boolean;
  /** The key in the request, or undefined. Runs for every request: synchronous is cheapest. What it throws is answered 500. */
  readonly identify: (request: IdentifiableRequest) => CustomKey | Promise<CustomKey>;
}

/** Finds the tenant by a function of the app. */
export function byCustom(options: ByCustomOptions): Identifier {
  const { name, forgeable = true, credential = false, authorize, trusted } = options;
  const toKey = (found: CustomKey) => {
    if (typeof found !== 'string') return found;
    return found === '' ? undefined : tenantKey(found, credential);
  };
  return {
    name,
    forgeable,
    credential,
    authorize,
    trusted,
    identify: (request) =>
      whenKnown<CustomKey, ReturnType<typeof toKey>>(options.identify(request), toKey),
  };
}
