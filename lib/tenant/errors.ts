import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';

/** Input of `TenantService` that cannot be. */
export class TenantInputError extends TenancyError {
  constructor(field: string, problem: string) {
    super({
      code: 'TENANT_INPUT_INVALID',
      status: HttpStatus.BAD_REQUEST,
      message: `${field} ${problem}.`,
      publicMessage: `${field} ${problem}.`,
    });
  }
}

/** The slug, a host or the database of a new tenant belongs to another, deleted ones included. */
export class TenantConflictError extends TenancyError {
  constructor(field: 'slug' | 'domain' | 'database', value: string) {
    super({
      code: 'TENANT_CONFLICT',
      status: HttpStatus.CONFLICT,
      message:
        `The ${field} "${value}" belongs to another tenant. Deleted tenants keep theirs, so that they can be ` +
        `restored. ${REMEDY[field]}`,
      publicMessage: `The ${field} is taken.`,
    });
  }
}

const REMEDY = {
  slug: 'See whose with TenantService.find().',
  domain: 'See whose with TenantService.find().',
  database: 'Name another one with `database`.',
} as const;

/** A tenant cannot be activated, suspended, … from the status that it has. */
export class TenantTransitionError extends TenancyError {
  constructor(slug: string, status: string, transition: string, from: readonly string[]) {
    super({
      code: 'TENANT_TRANSITION_REFUSED',
      status: HttpStatus.CONFLICT,
      message: `Cannot ${transition} tenant "${slug}": it is ${status}, and must be ${from.join(' or ')}.`,
      publicMessage: `The tenant is ${status}.`,
    });
  }
}

/** The creation of a tenant failed. What this call had made was undone, or the tenant is left as `failed` for `repair`. */
export class TenantProvisioningError extends TenancyError {
  constructor(slug: string, step: string, undone: boolean, cause: unknown) {
    super({
      code: 'TENANT_PROVISIONING_FAILED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `Tenant "${slug}" could not be created: after step "${step}", ${describe(cause)}. ` +
        (undone
          ? 'Nothing of it is left.'
          : `It is left as it is; mend the cause, then TenantService.repair('${slug}') goes on from there.`),
      cause,
    });
  }
}

/** `delete` was not given the tenant's exact name. */
export class TenantConfirmationError extends TenancyError {
  constructor(slug: string) {
    super({
      code: 'TENANT_CONFIRMATION_WRONG',
      status: HttpStatus.UNPROCESSABLE_ENTITY,
      message: `To delete tenant "${slug}", pass its exact name: delete(tenant, { confirm: tenant.name }).`,
      publicMessage: 'The confirmation is not the name of the tenant.',
    });
  }
}

/** A database that was there before its tenant is never dropped. */
export class DatabaseNotOwnedError extends TenancyError {
  constructor(database: string) {
    super({
      code: 'TENANT_DATABASE_NOT_OWNED',
      status: HttpStatus.CONFLICT,
      message: `Database "${database}" was adopted, not created here, and is never dropped. Delete without dropDatabase.`,
    });
  }
}

/** A deleted tenant's database was dropped: there is nothing to restore. */
export class TenantDataGoneError extends TenancyError {
  constructor(slug: string) {
    super({
      code: 'TENANT_DATA_GONE',
      status: HttpStatus.GONE,
      message: `Tenant "${slug}" was deleted with its database. Create a new tenant and load a backup into it.`,
    });
  }
}

/** A host that the tenant does not have. */
export class DomainNotFoundError extends TenancyError {
  constructor(host: string, slug: string) {
    super({
      code: 'DOMAIN_NOT_FOUND',
      status: HttpStatus.NOT_FOUND,
      message: `Tenant "${slug}" has no domain "${host}".`,
      publicMessage: 'The tenant has no such domain.',
    });
  }
}

/** Every server is closed to new tenants (`acceptsTenants: false`). */
export class NoServerAcceptsTenantsError extends TenancyError {
  constructor(servers: readonly string[]) {
    super({
      code: 'NO_SERVER_ACCEPTS_TENANTS',
      status: HttpStatus.SERVICE_UNAVAILABLE,
      message:
        `No server takes new tenants: ${servers.join(', ')} are closed (acceptsTenants: false). ` +
        'Open one or add one, or name one for this tenant: create({ server }).',
    });
  }
}

/** `tenants.place` chose a server that it was not offered. */
export class TenantPlaceError extends TenancyError {
  constructor(slug: string, chosen: unknown, candidates: readonly string[]) {
    super({
      code: 'TENANT_PLACE_INVALID',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `tenants.place chose ${JSON.stringify(chosen)} for tenant "${slug}", which is none of the servers that take ` +
        `new tenants: ${candidates.join(', ')}. Let it return the name of one of those that it is given.`,
    });
  }
}

/** What `tenants.share` answered for a tenant cannot be. */
export class TenantShareError extends TenancyError {
  constructor(slug: string, problem: string) {
    super({
      code: 'TENANT_SHARE_INVALID',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `What tenants.share answers for tenant "${slug}" ${problem}. Let it return { max, reserved }, each of which may ` +
        'be left out: whole numbers, max from 1 on, reserved from 0 on and not above max.',
    });
  }
}

/** The password of a tenant's account was encrypted with a key that the options do not have. */
export class CredentialKeyMissingError extends TenancyError {
  /** @param name of the missing key, as the secret tells it; undefined when there is none at all to encrypt with */
  constructor(tenantId: string, name?: string) {
    super({
      code: 'CREDENTIAL_KEY_MISSING',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        (name === undefined
          ? `There is no key to encrypt the password of tenant ${tenantId} with. `
          : `The password of tenant ${tenantId} was encrypted with a key (${name}) that is not there any more. `) +
        'Put the key into tenants.credentialKeys, or into its provider there, behind the one in use; or give the tenant a ' +
        'new account with TenantService.rotateCredentials().',
    });
  }
}

/** The key provider gave something that is no key of 256 bits. */
export class EncryptionKeyInvalidError extends TenancyError {
  constructor(slug: string) {
    super({
      code: 'ENCRYPTION_KEY_INVALID',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message: `The key provider gave a key for tenant "${slug}" that is not one of 32 bytes with an id of its own.`,
    });
  }
}

/** The stored password of a tenant's account is not what was stored for this tenant. */
export class CredentialsUnreadableError extends TenancyError {
  constructor(tenantId: string, cause: unknown) {
    super({
      code: 'CREDENTIALS_UNREADABLE',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `The stored password of tenant ${tenantId} does not decrypt: its row in tenancy_credentials was changed, or is ` +
        'another tenant’s. Give the tenant a new account with TenantService.rotateCredentials().',
      cause,
    });
  }
}

/** Tenants have no accounts of their own. */
export class CredentialsSharedError extends TenancyError {
  constructor() {
    super({
      code: 'CREDENTIALS_SHARED',
      status: HttpStatus.CONFLICT,
      message:
        'There are no credentials to rotate: all tenants are reached by the account of their server’s URL. ' +
        "For accounts of their own set tenants.credentials to 'per-tenant'.",
    });
  }
}

export function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
