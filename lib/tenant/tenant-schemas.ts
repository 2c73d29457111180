import type { CurrentTenant } from '../context/current-tenant.js';

/** Brings the schemas of tenants' databases to what the code wants; implemented by `migration/`, a room above. */
export interface TenantSchemas {
  /**
   * Runs what is pending of a tenant; the only way in which migrations of tenants run.
   * @param expendable true for a database that is dropped, not repaired, when one of them fails
   */
  bringUp(
    tenant: Pick<CurrentTenant, 'id' | 'slug' | 'placement'>,
    expendable: boolean,
  ): Promise<void>;
  /** Whether a migration of it did not come to its end, and a part may be in force. */
  isHalfWay(tenant: Pick<CurrentTenant, 'id'>): Promise<boolean>;
  /** Goes on with a migration that did not come to its end, if there is one. */
  repair(tenant: Pick<CurrentTenant, 'id' | 'slug' | 'placement'>): Promise<void>;
  /** Whether a schema with this fingerprint lacks nothing that the code has. */
  isCurrent(fingerprint: string): Promise<boolean>;
}

/** The lock that whoever changes the schema of a tenant's database holds, on the tenant's server. */
export function migrationLock(tenantId: string): string {
  return `tenancy:migrate:${tenantId}`;
}

export const TENANT_SCHEMAS = Symbol.for('nestjs-tenancy:tenant-schemas');
