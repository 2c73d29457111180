import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';

/** The tenant is in maintenance. Status 503, with `Retry-After`. */
export class MaintenanceActiveError extends TenancyError {
  /**
   * @param slug of the tenant; undefined where all are in maintenance
   * @param publicMessage what the client is told
   * @param until when it ends, where that is known
   * @param retryAfter seconds
   */
  constructor(
    slug: string | undefined,
    publicMessage: string,
    readonly until: Date | undefined,
    retryAfter: number,
  ) {
    const who = slug === undefined ? 'All tenants are' : `Tenant "${slug}" is`;
    const end = until === undefined ? 'until it is disabled' : `until ${until.toISOString()}`;
    super({
      code: 'MAINTENANCE_ACTIVE',
      status: HttpStatus.SERVICE_UNAVAILABLE,
      message: `${who} in maintenance ${end}. MaintenanceService.disable() ends it.`,
      publicMessage,
      retryAfter,
      // It is meant: the log is not to have a line for each request.
      logged: true,
    });
  }
}

/** A maintenance was asked for that cannot be. */
export class MaintenanceInputError extends TenancyError {
  constructor(what: string, problem: string) {
    super({
      code: 'MAINTENANCE_INPUT_INVALID',
      status: HttpStatus.BAD_REQUEST,
      message: `The maintenance was refused: ${what} ${problem}.`,
      publicMessage: `${what} ${problem}`,
    });
  }
}
