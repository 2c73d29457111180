import { HttpException, HttpStatus } from '@nestjs/common';

export interface TenancyErrorDetails {
  /** Stable, for programs. Never renamed within a major version. */
  readonly code: string;
  /** The HTTP status that the error maps to when it reaches the edge. */
  readonly status: number;
  /** For developers and logs: the cause and the remedy. Never a secret. */
  readonly message: string;
  /** For the client of an HTTP route. Default: the status's reason phrase, so that nothing internal gets out. */
  readonly publicMessage?: string;
  /** Seconds after which a retry makes sense; sent as `Retry-After`. */
  readonly retryAfter?: number;
  readonly cause?: unknown;
  /** True when the log names what causes it already, once, so that it is not logged for every request that it hits. */
  readonly logged?: boolean;
}

/**
 * The base of every error of this package. It is a NestJS `HttpException`, so an exception filter that knows those
 * maps it without knowing this package. Recognise an error by `code`, not by `instanceof`: an app that loads both the
 * CommonJS and the ES module build has two copies of each class.
 */
export abstract class TenancyError extends HttpException {
  readonly code: string;
  readonly retryAfter?: number;
  readonly logged: boolean;

  constructor(details: TenancyErrorDetails) {
    const { code, status, message, publicMessage = REASON[status] ?? 'Error', cause } = details;
    super({ statusCode: status, code, message: publicMessage }, status, { cause });
    this.message = message;
    this.code = code;
    this.logged = details.logged ?? false;
    if (details.retryAfter !== undefined) this.retryAfter = details.retryAfter;
  }
}

/** An optional package that the used feature needs is not installed. */
export class PackageMissingError extends TenancyError {
  /**
   * @param feature what needs it, as in "The option `redis`"
   * @param install what to give to `npm install`
   */
  constructor(feature: string, install: string, cause?: unknown) {
    super({
      code: 'PACKAGE_MISSING',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message: `${feature} needs a package that is not installed. Install it: npm install ${install}`,
      cause,
    });
  }
}

const REASON: Readonly<Partial<Record<number, string>>> = {
  [HttpStatus.BAD_REQUEST]: 'Bad Request',
  [HttpStatus.UNAUTHORIZED]: 'Unauthorized',
  [HttpStatus.FORBIDDEN]: 'Forbidden',
  [HttpStatus.NOT_FOUND]: 'Not Found',
  [HttpStatus.CONFLICT]: 'Conflict',
  [HttpStatus.GONE]: 'Gone',
  [HttpStatus.UNPROCESSABLE_ENTITY]: 'Unprocessable Entity',
  [HttpStatus.INTERNAL_SERVER_ERROR]: 'Internal server error',
  [HttpStatus.SERVICE_UNAVAILABLE]: 'Service Unavailable',
};
