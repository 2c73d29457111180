import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';

/** What is to be told the tenant is no host. */
export class OutgoingHostInvalidError extends TenancyError {
  constructor(host: string) {
    super({
      code: 'OUTGOING_HOST_INVALID',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `"${host}" is no host that may be told the tenant. Write 'billing.internal', 'localhost:3001' or, for all ` +
        "hosts below one, '*.svc.cluster.local': without scheme and path, and never all hosts there are.",
    });
  }
}
