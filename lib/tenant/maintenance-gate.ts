import type { TenancyError } from '../tenancy.error.js';
import type { CurrentTenant } from '../context/current-tenant.js';

/** Who asks to be served: a request of Express, Fastify or node itself, or the handshake of a socket. */
export interface Visitor {
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  /** The address of the client; behind a proxy that the app trusts, the forwarded one. */
  readonly ip?: string | undefined;
  /** Asked for the address where there is no `ip`. */
  readonly socket?: { readonly remoteAddress?: string | undefined };
}

/**
 * Whether tenants are served at the moment, for what serves them: requests, sockets, jobs. Implemented by the
 * maintenance, a room above.
 */
export interface MaintenanceGate {
  /**
   * What `tenant` is not served for now, with the seconds after which to come again; undefined when it is served. From
   * memory, but for the first time.
   * @param visitor who may be let in all the same; nobody, for work that nobody asks for
   */
  refusalOf(
    tenant: Pick<CurrentTenant, 'id' | 'slug'>,
    visitor?: Visitor,
  ): TenancyError | undefined | Promise<TenancyError | undefined>;
  /** Has `listener` called when tenants may be served no more, or again: one, or without an id any of them. */
  onChange(listener: (tenantId?: string) => void): void;
}

export const MAINTENANCE_GATE = Symbol.for('nestjs-tenancy:maintenance-gate');
