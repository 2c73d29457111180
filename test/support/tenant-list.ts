import type { CurrentTenant } from '../../lib/context/current-tenant.js';
import { TenantNotFoundError } from '../../lib/context/errors.js';
import type { TenantDirectory } from '../../lib/context/tenancy.js';

/** A tenant as the registry hands it out, for tests without a database. */
export function tenantNamed(slug: string, more: Partial<CurrentTenant> = {}): CurrentTenant {
  return {
    id: `id-of-${slug}`,
    slug,
    name: slug,
    status: 'active',
    placement: { server: 'main', database: `tenant_${slug}` },
    settings: {},
    generation: 1,
    ...more,
  };
}

/** The directory that {@link Tenancy} asks, over tenants that are given by hand. */
export class TenantList implements TenantDirectory {
  constructor(readonly tenants: readonly CurrentTenant[]) {}

  async byReference(idOrSlug: string): Promise<CurrentTenant> {
    const found = this.tenants.find(({ id, slug }) => id === idOrSlug || slug === idOrSlug);
    if (found === undefined) throw new TenantNotFoundError(idOrSlug);
    return found;
  }

  async *all(): AsyncIterable<CurrentTenant> {
    yield* this.tenants;
  }
}
