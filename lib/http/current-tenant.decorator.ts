import { createParamDecorator } from '@nestjs/common';
import type { CurrentTenant as Tenant } from '../context/current-tenant.js';
import { requireTenant } from '../context/tenant-context.js';

/** The tenant that the running code works for. */
export type CurrentTenant = Tenant;

/**
 * Hands the request's tenant, or one property of it, to a handler: `@CurrentTenant() tenant: CurrentTenant`,
 * `@CurrentTenant('slug') slug: string`.
 * @throws TenantContextMissingError in a request without one
 */
export const CurrentTenant: (property?: keyof Tenant) => ParameterDecorator = createParamDecorator(
  (property: keyof Tenant | undefined) => {
    const tenant = requireTenant('@CurrentTenant()');
    return property === undefined ? tenant : tenant[property];
  },
);
