import {
  InvalidTenantKey,
  type Identifier,
  type IdentifiableRequest,
  type TenantKey,
} from '../options/identifier.js';
import { isLater } from './now-or-later.js';
import { tenantKey } from './tenant-key.js';

export interface ByTokenClaimOptions {
  /** The claim that holds the tenant's slug or id. */
  readonly claim: string;
  /**
   * Verifies the token and returns its payload, or a promise of it; throws when it does not verify. The app's own:
   * `(token) => jwtService.verifyAsync(token)`. Never one that only decodes.
   */
  readonly verify: (token: string) => unknown;
  /** The token in the request, or undefined. Default: the bearer token of the `Authorization` header. */
  readonly from?: (request: IdentifiableRequest) => string | undefined;
}

/**
 * Finds the tenant that a verified token names. It goes before the identifiers that are no credentials, and a token for
 * one tenant is refused (403) on the host of another. A token that does not verify is refused (401); one without the
 * claim names no tenant.
 */
export function byTokenClaim({
  claim,
  verify,
  from = bearerToken,
}: ByTokenClaimOptions): Identifier {
  return {
    name: `token claim ${claim}`,
    forgeable: false,
    credential: true,
    identify(request) {
      const token = from(request);
      if (token === undefined) return undefined;
      try {
        const payload = verify(token);
        return isLater(payload)
          ? Promise.resolve(payload).then((known) => keyIn(known, claim), unverified)
          : keyIn(payload, claim);
      } catch (error) {
        return unverified(error);
      }
    },
  };
}

function bearerToken({ headers }: IdentifiableRequest): string | undefined {
  const { authorization } = headers;
  if (typeof authorization !== 'string') return undefined;
  return /^bearer +(\S+) *$/i.exec(authorization)?.[1];
}

function keyIn(payload: unknown, claim: string): TenantKey | InvalidTenantKey | undefined {
  if (typeof payload !== 'object' || payload === null) {
    return new InvalidTenantKey('verify returned no payload for the token', true);
  }
  const value: unknown = Object.hasOwn(payload, claim) ? Reflect.get(payload, claim) : undefined;
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return tenantKey(value, true);
  return new InvalidTenantKey(`the claim is a ${typeof value}, not a string`, true);
}

function unverified(error: unknown): InvalidTenantKey {
  const reason = error instanceof Error ? error.message : String(error);
  return new InvalidTenantKey(`the token does not verify: ${reason}`, true);
}
