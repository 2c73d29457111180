import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';

/** Something between the middleware and the guard made the request go on in another context, maybe another tenant's. */
export class TenantContextLostError extends TenancyError {
  constructor(wanted: string | undefined, current: string | undefined) {
    super({
      code: 'TENANT_CONTEXT_LOST',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `A request of ${nameOf(wanted)} arrived at its route in the context of ${nameOf(current)}: a middleware ` +
        'went on from a callback that belongs to no request. Register that middleware with app.use() in main.ts, so ' +
        'that it runs first, or put @UseInterceptors(TenancyInterceptor) on the controller.',
    });
  }
}

function nameOf(slug: string | undefined): string {
  return slug === undefined ? 'no tenant' : `tenant "${slug}"`;
}
