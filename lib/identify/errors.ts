import { HttpStatus } from '@nestjs/common';
import { TenantNotReadyError } from '../context/errors.js';
import { TenancyError } from '../tenancy.error.js';

// Each message is for the log. The client is told the code and the status's reason phrase, nothing else.

/**
 * The request needs a tenant and none was found. No key, an unknown one, an invalid one: from outside they look the
 * same, so that nobody can find out which tenants exist.
 */
export class RequestTenantNotFoundError extends TenancyError {
  constructor(problem: string) {
    super({
      code: 'TENANT_NOT_FOUND',
      status: HttpStatus.NOT_FOUND,
      message: `The request was refused because it leads to no tenant: ${problem}.`,
    });
  }
}

/** The request carries a credential that does not verify. */
export class TenantCredentialInvalidError extends TenancyError {
  constructor(by: string, problem: string) {
    super({
      code: 'TENANT_CREDENTIAL_INVALID',
      status: HttpStatus.UNAUTHORIZED,
      message: `The request was refused by the identifier "${by}": ${problem}.`,
    });
  }
}

/** The client may not act in the tenant that the request names. */
export class TenantForbiddenError extends TenancyError {
  constructor(by: string, problem: string) {
    super({
      code: 'TENANT_FORBIDDEN',
      status: HttpStatus.FORBIDDEN,
      message: `The request was refused by the identifier "${by}": ${problem}.`,
    });
  }
}

/** The tenant is suspended: its data is kept, its requests are not served. */
export class TenantSuspendedError extends TenancyError {
  constructor(slug: string) {
    super({
      code: 'TENANT_SUSPENDED',
      status: HttpStatus.FORBIDDEN,
      message: `Tenant "${slug}" is suspended. TenantService.activate() serves it again.`,
    });
  }
}

/** The tenant is blocked. */
export class TenantBlockedError extends TenancyError {
  constructor(slug: string) {
    super({
      code: 'TENANT_BLOCKED',
      status: HttpStatus.FORBIDDEN,
      message: `Tenant "${slug}" is blocked. TenantService.activate() serves it again.`,
    });
  }
}

/** A request for a tenant whose creation has not finished: {@link TenantNotReadyError}, with a time to ask again. */
export class TenantNotServedYetError extends TenantNotReadyError {
  override readonly retryAfter = 5;
}

/** A request of a tenant reached a route that is for requests without one. */
export class RouteNotForTenantError extends TenancyError {
  constructor(slug: string, by: string) {
    super({
      code: 'ROUTE_NOT_FOR_TENANT',
      status: HttpStatus.NOT_FOUND,
      message:
        `A central route was asked for by tenant "${slug}", found by the identifier "${by}". ` +
        'Ask for it on a host without a tenant, or mark it @UniversalRoute().',
    });
  }
}
