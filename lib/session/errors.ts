import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';

/** The cookie belongs to a session of another tenant, or of data that the tenant does not have any more. */
export class SessionStaleError extends TenancyError {
  constructor(problem: string) {
    super({
      code: 'SESSION_STALE',
      status: HttpStatus.UNAUTHORIZED,
      message:
        `The session of the request is stale: ${problem}. It was ended and its cookie cleared; ` +
        'the next request begins a new one.',
    });
  }
}

/** Another user logged in to a session that existed before, whose id somebody else may know. */
export class SessionFixationError extends TenancyError {
  constructor() {
    super({
      code: 'SESSION_FIXATION',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        'A session that existed before its user logged in was to be saved with that user. Whoever planted its cookie ' +
        'would be logged in, too. Call session.regenerate() at login, before the user is put into the session; ' +
        'nothing was saved.',
    });
  }
}

/** The options of `TenantSessionModule` cannot work. */
export class SessionOptionsError extends TenancyError {
  constructor(problem: string) {
    super({
      code: 'SESSION_OPTIONS_INVALID',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message: `The options of TenantSessionModule are refused: ${problem}.`,
    });
  }
}
