import type { TenantReference } from '../tenant/tenant.service.js';

/** In place of a tenant: all of them. A symbol, because any word may be a tenant's slug. */
export const ALL_TENANTS: unique symbol = Symbol.for('nestjs-tenancy:all-tenants');

/** Whose maintenance: a tenant's, or that of all of them together. */
export type MaintenanceSubject = TenantReference | typeof ALL_TENANTS;
