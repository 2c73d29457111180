import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';
import type { ImpersonationEvent } from '../tenant/tenancy-events.js';

/** What an impersonation was refused for. */
export type ImpersonationProblem = NonNullable<ImpersonationEvent['problem']>;

/** A token leads to no impersonation. The client is not told why, whoever holds it. */
export class ImpersonationRefusedError extends TenancyError {
  constructor(slug: string, problem: ImpersonationProblem) {
    super({
      code: 'IMPERSONATION_REFUSED',
      status: HttpStatus.FORBIDDEN,
      message:
        `An impersonation in tenant "${slug}" was refused: ${PROBLEMS[problem]}. ` +
        'ImpersonationService.issue() makes a new token.',
    });
  }
}

/** The time of an impersonation is up. */
export class ImpersonationEndedError extends TenancyError {
  constructor(slug: string, until: Date) {
    super({
      code: 'IMPERSONATION_ENDED',
      status: HttpStatus.UNAUTHORIZED,
      message:
        `An impersonation in tenant "${slug}" has ended at ${until.toISOString()}. ` +
        'ImpersonationService.issue() makes a token for another; end the session of this one.',
    });
  }
}

/** Who may look only wanted to change something. */
export class ImpersonationReadOnlyError extends TenancyError {
  constructor(slug: string, what: string) {
    super({
      code: 'IMPERSONATION_READ_ONLY',
      status: HttpStatus.FORBIDDEN,
      message: `An impersonation in tenant "${slug}" is read-only, and ${what} may change something.`,
      publicMessage: 'This impersonation is read-only',
    });
  }
}

/** An impersonation was asked for that cannot be. */
export class ImpersonationInputError extends TenancyError {
  constructor(what: string, problem: string) {
    super({
      code: 'IMPERSONATION_INPUT_INVALID',
      status: HttpStatus.BAD_REQUEST,
      message: `The impersonation was refused: ${what} ${problem}.`,
      publicMessage: `${what} ${problem}`,
    });
  }
}

const PROBLEMS: Readonly<Record<ImpersonationProblem, string>> = {
  unknown: 'there is no such token',
  used: 'its token was used before',
  expired: 'its token is too old',
  'other-tenant': 'it is of another tenant',
  'read-only': 'it is read-only',
  ended: 'its time is up',
};
