import type { CurrentTenant } from '../context/current-tenant.js';
import type { TenancyError } from '../tenancy.error.js';

/** Which requests a route is for: those of a tenant, those of none, or both. */
export type RouteMode = 'tenant' | 'central' | 'universal';

/** What a tenant is found by. */
export type TenantKeyKind = 'id' | 'slug' | 'domain';

export interface TenantKey {
  readonly kind: TenantKeyKind;
  readonly value: string;
}

/** What identifiers may read of a request. Both Express's and Fastify's (raw) requests have it. */
export interface IdentifiableRequest {
  /** The host without port; behind a proxy that the app trusts, the forwarded one. */
  readonly hostname?: string;
  readonly url?: string;
  readonly originalUrl?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /**
   * What the client of a socket sent beside its handshake, because browsers cannot set headers there: `handshake.auth` of
   * socket.io, `connectionParams` of graphql-ws. Undefined in requests. For `byTokenClaim({ from })` and `authorize`.
   */
  readonly auth?: Readonly<Record<string, unknown>>;
}

/** Decides whether the client of `request` may act in `tenant`. */
export type Authorize = (context: {
  readonly tenant: CurrentTenant;
  readonly request: IdentifiableRequest;
}) => boolean | Promise<boolean>;

/** Returned by an identifier for a key in the request that cannot be one. The request ends there. */
export class InvalidTenantKey {
  /** @param problem for the log; the client is told nothing of it */
  constructor(
    readonly problem: string,
    /** True when it was a credential that did not verify: 401 instead of 404. */
    readonly credential = false,
    /** What the request is refused with, where that says more than the usual error. */
    readonly refusal?: TenancyError,
  ) {}
}

/** Knows the API keys; implemented by their room, which is above the identifiers. */
export interface ApiKeyDirectory {
  /**
   * Whose key `request` carries: the id of a tenant, or null for a central key. Undefined when it carries none, and
   * {@link InvalidTenantKey} when it is no valid one. At once when the key is known.
   */
  ownerIn(
    request: IdentifiableRequest,
  ):
    | ApiKeyOwner
    | InvalidTenantKey
    | undefined
    | Promise<ApiKeyOwner | InvalidTenantKey | undefined>;
}

export interface ApiKeyOwner {
  readonly tenantId: string | null;
}

/**
 * Finds the tenant's key in a request: one link of the chain. Made by `byDomain()`, `bySubdomain()`, `byPath()`,
 * `byHeader()`, `byQuery()`, `byCookie()`, `byTokenClaim()`, `byApiKey()` and `byCustom()`.
 */
export interface Identifier {
  /** For logs and errors: `domain`, `header x-tenant-id`, … */
  readonly name: string;
  /** True when any client can write what this reads: then `authorize` or `trusted` is required. */
  readonly forgeable: boolean;
  /** Says that something in front (a gateway) vouches for the value. */
  readonly trusted?: boolean;
  /** Asked for every tenant that this identifier finds. */
  readonly authorize?: Authorize;
  /** True for a verified credential: it goes first, and a tenant that it names must not differ from the host's. */
  readonly credential?: boolean;
  /**
   * The key in `request`, or undefined when it holds none. Synchronous where it can be: every request passes here.
   * @param apiKeys for `byApiKey()`
   */
  identify(
    request: IdentifiableRequest,
    apiKeys?: ApiKeyDirectory,
  ): TenantKey | undefined | InvalidTenantKey | Promise<TenantKey | undefined | InvalidTenantKey>;
}
