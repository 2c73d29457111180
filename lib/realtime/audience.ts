import { currentContext } from '../context/tenant-context.js';
import { TenantContextMissingError } from '../context/errors.js';
import type { SocketTenancy } from './socket-tenancy.js';

/** The sockets that the running code may reach: its tenant's, or those of no tenant when it is central. */
export interface Audience {
  /** Undefined for those of no tenant. */
  readonly tenantId: string | undefined;
}

/**
 * The audience of the running code.
 * @param operation for the error
 * @throws TenantContextMissingError outside of a tenant and of central work
 */
export function audienceOf(operation: string): Audience {
  const context = currentContext();
  if (context === undefined) throw new TenantContextMissingError(operation);
  return { tenantId: context.tenant?.id };
}

/** Those of `sockets` that `audience` has. */
export function* within<T extends object>(
  { tenantId }: Audience,
  sockets: Iterable<T>,
  tenancies: WeakMap<T, SocketTenancy>,
): Iterable<T> {
  for (const socket of sockets) {
    const tenancy = tenancies.get(socket);
    if (tenancy !== undefined && tenancy.tenantId === tenantId) yield socket;
  }
}
