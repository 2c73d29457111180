import type { CurrentTenant } from '../context/current-tenant.js';
import type { TenantKey } from '../options/identifier.js';
import type { TenancyError } from '../tenancy.error.js';

/** What became of the search for a request's tenant. `by` is the name of the identifier that decided. */
export type Outcome =
  | { readonly kind: 'found'; readonly tenant: CurrentTenant; readonly by: string }
  /** No identifier found a key, or the host is a central one. */
  | { readonly kind: 'none'; readonly onCentralHost: boolean }
  /** A key was there and no tenant has it. */
  | {
      readonly kind: 'unknown';
      readonly by: string;
      readonly key: TenantKey;
      readonly credential: boolean;
    }
  /** A key was there that cannot be one, or a credential that does not verify. */
  | {
      readonly kind: 'invalid';
      readonly by: string;
      readonly problem: string;
      readonly credential: boolean;
      /** {@link InvalidTenantKey.refusal} */
      readonly refusal?: TenancyError;
    }
  /** There is such a tenant, but this client may not act in it. */
  | { readonly kind: 'forbidden'; readonly by: string; readonly problem: string };
