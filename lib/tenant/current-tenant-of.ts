import type { CurrentTenant } from '../context/current-tenant.js';
import type { Tenant } from './tenant.entity.js';

/** The frozen copy of a tenant's row that the context carries. */
export function currentTenantOf(tenant: Tenant): CurrentTenant {
  const { id, slug, name, status, generation } = tenant;
  const { server, database } = tenant.placement;
  return Object.freeze({
    id,
    slug,
    name,
    status,
    placement: Object.freeze({ server, database }),
    settings: deepFreeze(tenant.settings),
    generation,
  });
}

function deepFreeze<T extends object>(value: T): Readonly<T> {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  }
  return Object.freeze(value);
}
