import { InvalidTenantKey, type TenantKey } from '../options/identifier.js';
import { isSlug } from '../tenant/slug.js';
import { isTenantId } from '../tenant/tenant-id.js';

/**
 * The key that a value from outside names: an id when it is a UUID, else a slug; in any case of letters.
 * @param credential whether the value comes from a credential, for {@link InvalidTenantKey}
 */
export function tenantKey(value: string, credential = false): TenantKey | InvalidTenantKey {
  const name = value.toLowerCase();
  if (isTenantId(name)) return { kind: 'id', value: name };
  if (isSlug(name)) return { kind: 'slug', value: name };
  return new InvalidTenantKey('the value is neither a UUID nor a slug', credential);
}
