import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { CurrentTenant } from '../context/current-tenant.js';
import { REQUEST_RATES, type RequestRates } from '../context/request-rates.js';
import { currentTenant } from '../context/tenant-context.js';
import { TenantForbiddenError } from '../identify/errors.js';
import { whenKnown } from '../identify/now-or-later.js';
import { requestOf } from '../identify/request-of.js';
import { tenancyOf } from '../identify/request-tenancy.js';
import type { IdentifiableRequest } from '../options/identifier.js';
import { ApiKeyAuthenticator, type Authentication } from './api-key-authenticator.js';
import type { ApiKeyInfo } from './api-key-info.js';
import { ApiKeyMissingError, ApiKeyRateError, ApiKeyScopeError } from './errors.js';
import type { KnownKey } from './known-key.js';
import { countOnce, rememberKey } from './request-key.js';
import { scopesOf } from './route-scopes.js';

/**
 * Lets in who sends a valid API key of the request's tenant, or a central key where the request has none, with the scopes
 * that `@ApiKey()` names. As a global guard (`APP_GUARD`) it asks every route for a key.
 */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly authenticator: ApiKeyAuthenticator,
    @Inject(REQUEST_RATES) private readonly rates: RequestRates,
  ) {}

  /** @throws ApiKeyMissingError, ApiKeyInvalidError, TenantForbiddenError, ApiKeyScopeError, ApiKeyRateError */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = this.getRequest(context);
    if (request === undefined) throw new ApiKeyMissingError();
    return whenKnown(this.authenticator.authenticate(request), (found) => {
      const { info } = verifyKey(found, request, scopesOf(context));
      // A route, its controller and the app may each have this guard, and so may each field of one operation of GraphQL, with
      // scopes of its own.
      const counted = countOnce(request, () => this.verifyRate(info));
      return whenKnown(counted, () => {
        rememberKey(request, info);
        return true;
      });
    });
  }

  /** The HTTP request of `context`, or undefined where there is none. Override it for other transports. */
  protected getRequest(context: ExecutionContext): IdentifiableRequest | undefined {
    // What NestJS gives as the request of HTTP and of GraphQL has headers.
    return requestOf(context) as IdentifiableRequest | undefined;
  }

  private verifyRate({ id, tenantId, requestsPerMinute }: ApiKeyInfo): Promise<void> | undefined {
    // A central key has none.
    if (requestsPerMinute === null || tenantId === null) return undefined;
    const rate = { tenantId, name: `api-key:${id}`, perMinute: requestsPerMinute };
    return this.rates.count(rate).then(({ refused, resetsAt }) => {
      if (refused) throw new ApiKeyRateError(id, requestsPerMinute, resetsAt);
    });
  }
}

function verifyKey(found: Authentication, request: object, wanted: readonly string[]): KnownKey {
  if (found === undefined) throw new ApiKeyMissingError();
  if (!('info' in found)) throw found;
  verifyOwner(found.info, tenantOf(request));
  const missing = wanted.filter((scope) => !found.scopes.has(scope));
  if (missing.length > 0) throw new ApiKeyScopeError(found.info.id, missing);
  return found;
}

/** The tenant that the handler will run for: of the request, because the running code may have lost its context. */
function tenantOf(request: object): CurrentTenant | undefined {
  const tenancy = tenancyOf(request);
  return tenancy === undefined ? currentTenant() : tenancy.context.tenant;
}

function verifyOwner({ tenantId }: ApiKeyInfo, tenant: CurrentTenant | undefined): void {
  if (tenantId === (tenant?.id ?? null)) return;
  const whose = tenantId === null ? 'is a central one' : 'belongs to another tenant';
  const asked = tenant === undefined ? 'the request has no tenant' : `not to "${tenant.slug}"`;
  throw new TenantForbiddenError('api key', `the key ${whose}, ${asked}`);
}
