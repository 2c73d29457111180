import { InvalidTenantKey, type ApiKeyOwner, type Identifier } from '../options/identifier.js';
import { whenKnown } from './now-or-later.js';

/** The token of the {@link ApiKeyDirectory}. */
export const API_KEY_DIRECTORY = Symbol.for('nestjs-tenancy:api-key-directory');

/**
 * Finds the tenant that the request's API key belongs to. It goes before the identifiers that are no credentials, and a
 * key of one tenant is refused (403) on the host of another. A key that is not valid is refused (401); a central key
 * names no tenant.
 */
export function byApiKey(): Identifier {
  return {
    name: 'api key',
    forgeable: false,
    credential: true,
    identify(request, apiKeys) {
      if (apiKeys === undefined) throw new TypeError('byApiKey() needs the keys of TenancyModule');
      return whenKnown(apiKeys.ownerIn(request), tenantOf);
    },
  };
}

function tenantOf(owner: ApiKeyOwner | InvalidTenantKey | undefined) {
  if (owner === undefined || 'problem' in owner) return owner;
  return owner.tenantId === null ? undefined : ({ kind: 'id', value: owner.tenantId } as const);
}
