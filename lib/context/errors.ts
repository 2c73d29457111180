import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';

/** Tenant-bound code ran without a tenant. */
export class TenantContextMissingError extends TenancyError {
  constructor(operation: string, centralReason?: string) {
    super({
      code: 'TENANT_CONTEXT_MISSING',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `${operation} needs a tenant, but ` +
        (centralReason === undefined
          ? 'none is in context. '
          : `the context is central ("${centralReason}"). `) +
        'In a request, the tenancy middleware enters it; elsewhere (job, cron, script, test), wrap the work in ' +
        'tenancy.run(tenant, work). For central data inject the central repository: @InjectRepository(Entity, CENTRAL).',
    });
  }
}

/** Code that runs for one tenant tried to enter another. */
export class TenantSwitchRefusedError extends TenancyError {
  constructor(current: string, wanted: string) {
    super({
      code: 'TENANT_SWITCH_REFUSED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `Cannot enter ${wanted} inside the context of tenant "${current}". ` +
        'Leave it first: tenancy.runCentral(reason, work) names the crossing, and run and forEach are allowed inside.',
    });
  }
}

/** A tenant was named whose data is not there to work on. */
export class TenantNotReadyError extends TenancyError {
  constructor(slug: string, status: string) {
    super({
      code: 'TENANT_NOT_READY',
      status: HttpStatus.SERVICE_UNAVAILABLE,
      message:
        `Tenant "${slug}" is ${status}: its database is not ready to work on. ` +
        'Finish or undo its creation with TenantService.repair(), or restore it.',
    });
  }
}

/** `Tenancy.run` was given a name that no tenant has. */
export class TenantNotFoundError extends TenancyError {
  constructor(reference: string) {
    super({
      code: 'TENANT_NOT_FOUND',
      status: HttpStatus.NOT_FOUND,
      message: `No tenant has the id or slug "${reference}".`,
    });
  }
}

/** Work of `Tenancy.forEach` failed for at least one tenant; `failures` names each with its error. */
export class ForEachTenantError extends TenancyError {
  constructor(
    readonly failures: ReadonlyMap<string, unknown>,
    readonly succeeded: number,
    readonly notStarted: number,
  ) {
    const named = [...failures.keys()].slice(0, 5).map((slug) => `"${slug}"`);
    const more = failures.size > named.length ? ` and ${failures.size - named.length} more` : '';
    super({
      code: 'FOR_EACH_TENANT_FAILED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `The work failed for ${failures.size} tenant(s): ${named.join(', ')}${more}. ` +
        `${succeeded} succeeded, ${notStarted} were not started. The errors are in \`failures\`, by slug.`,
      cause: failures.values().next().value,
    });
  }
}
