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

export function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
