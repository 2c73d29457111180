import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';

// Each message is for the log, and holds nothing of a key but its id.

/** A route that needs an API key was asked without one. */
export class ApiKeyMissingError extends TenancyError {
  constructor() {
    super({
      code: 'API_KEY_MISSING',
      status: HttpStatus.UNAUTHORIZED,
      message:
        'The route needs an API key, and the request has none. Send it as "Authorization: Bearer <key>" or as ' +
        '"X-API-Key: <key>"; a key in the URL is not looked for.',
      publicMessage: 'An API key is needed',
    });
  }
}

/** What was sent as an API key is none that is let in. The client is not told why: see the message. */
export class ApiKeyInvalidError extends TenancyError {
  constructor(problem: string) {
    super({
      code: 'API_KEY_INVALID',
      status: HttpStatus.UNAUTHORIZED,
      message: `The API key was refused: ${problem}.`,
      publicMessage: 'The API key is not valid',
    });
  }
}

/** The API key is valid, and not for this. */
export class ApiKeyScopeError extends TenancyError {
  constructor(
    id: string,
    readonly missing: readonly string[],
  ) {
    super({
      code: 'API_KEY_SCOPE',
      status: HttpStatus.FORBIDDEN,
      message:
        `The API key ${id} lacks the scope(s) ${missing.join(', ')}. ` +
        'Make one that has them with ApiKeyService.create().',
      publicMessage: `The API key lacks the scope(s) ${missing.join(', ')}`,
    });
  }
}

/** An API key has asked more often in this minute than it may. */
export class ApiKeyRateError extends TenancyError {
  constructor(id: string, limit: number, resetsAt: Date) {
    super({
      code: 'API_KEY_RATE_EXCEEDED',
      status: HttpStatus.TOO_MANY_REQUESTS,
      message: `The API key ${id} may ask ${limit} times in a minute, and has done so.`,
      publicMessage: 'The API key has asked too often',
      retryAfter: Math.max(1, Math.ceil((resetsAt.getTime() - Date.now()) / 1_000)),
    });
  }
}

/** There is no such API key, or it belongs to another tenant. */
export class ApiKeyNotFoundError extends TenancyError {
  constructor(id: string) {
    super({
      code: 'API_KEY_NOT_FOUND',
      status: HttpStatus.NOT_FOUND,
      message: `There is no API key "${id}" here. A key's id is in what ApiKeyService.list() gives.`,
      publicMessage: 'There is no such API key',
    });
  }
}

/** Only a key that is in force, and whose place none has taken yet, can be rotated. */
export class ApiKeyEndedError extends TenancyError {
  constructor(id: string, status: string) {
    super({
      code: 'API_KEY_ENDED',
      status: HttpStatus.CONFLICT,
      message: `The API key ${id} is ${status}, and cannot be rotated. Make a new one with ApiKeyService.create().`,
      publicMessage: `The API key is ${status}`,
    });
  }
}

/** What was asked of `ApiKeyService` cannot be. */
export class ApiKeyInputError extends TenancyError {
  constructor(field: string, problem: string) {
    super({
      code: 'API_KEY_INPUT_INVALID',
      status: HttpStatus.BAD_REQUEST,
      message: `${field} ${problem}.`,
      publicMessage: `${field} ${problem}.`,
    });
  }
}
