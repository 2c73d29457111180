import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';

/** The admin API is to be mounted without a guard that says who may use it. */
export class AdminGuardRequiredError extends TenancyError {
  constructor(problem: string) {
    super({
      code: 'ADMIN_GUARD_REQUIRED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `The admin API is not mounted: ${problem}. It can do everything to every tenant, so it needs the class of a guard ` +
        'that lets operators alone pass: TenancyAdminModule.forRoot({ guard: OperatorGuard }).',
    });
  }
}

/** The options of `TenancyAdminModule` are not what they can be. */
export class AdminOptionsError extends TenancyError {
  constructor(problem: string) {
    super({
      code: 'ADMIN_OPTIONS_INVALID',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message: `TenancyAdminModule.forRoot(): ${problem}`,
    });
  }
}

/** The port of the admin API cannot be had. */
export class AdminPortRefusedError extends TenancyError {
  constructor(host: string, port: number, cause: unknown) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    super({
      code: 'ADMIN_PORT_REFUSED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `The admin API cannot be served at ${host}:${port}: ${problem}. Give TenancyAdminModule.forRoot() a port that ` +
        'is free, and a host that is one of this machine.',
      cause,
    });
  }
}

/** One thing that is wrong with what a client sent. */
export interface InputProblem {
  /** The member of the body, or the parameter of the query; empty for the whole. */
  readonly member: string;
  readonly problem: string;
}

/** What a client sent is not what the route takes. */
export class AdminInputError extends TenancyError {
  constructor(readonly problems: readonly InputProblem[]) {
    const named = problems.map(({ member, problem }) => `${member} ${problem}`.trim()).join('; ');
    super({
      code: 'ADMIN_INPUT_INVALID',
      status: HttpStatus.BAD_REQUEST,
      message: named,
      publicMessage: named,
    });
  }
}

/** A cursor that no page has given. */
export class CursorInvalidError extends TenancyError {
  constructor() {
    const message = 'The cursor is none that a page gave as its next. Begin without one.';
    super({
      code: 'CURSOR_INVALID',
      status: HttpStatus.BAD_REQUEST,
      message,
      publicMessage: message,
    });
  }
}

/** The field Idempotency-Key is not one text of 1 to 255 printable characters. */
export class IdempotencyKeyInvalidError extends TenancyError {
  constructor() {
    const message = 'Idempotency-Key must be one text of 1 to 255 printable ASCII characters.';
    super({
      code: 'IDEMPOTENCY_KEY_INVALID',
      status: HttpStatus.BAD_REQUEST,
      message,
      publicMessage: message,
    });
  }
}

/** The key was sent before with something else. */
export class IdempotencyKeyReusedError extends TenancyError {
  constructor() {
    const message = 'This Idempotency-Key was sent before, with another body. Take a new one.';
    super({
      code: 'IDEMPOTENCY_KEY_REUSED',
      status: HttpStatus.UNPROCESSABLE_ENTITY,
      message,
      publicMessage: message,
    });
  }
}

/** What the key was sent with before is still being done, by this process or another. */
export class IdempotencyKeyInUseError extends TenancyError {
  /** @param milliseconds for which whoever is at it has it, unless they take longer or end earlier */
  constructor(milliseconds: number) {
    const message = 'What this Idempotency-Key was sent with before is still being done.';
    super({
      code: 'IDEMPOTENCY_KEY_IN_USE',
      status: HttpStatus.CONFLICT,
      retryAfter: Math.max(1, Math.ceil(milliseconds / 1_000)),
      message,
      publicMessage: message,
    });
  }
}

/** The answer would hold a secret, which is kept nowhere and so could not be given again. */
export class IdempotencyKeyRefusedError extends TenancyError {
  constructor() {
    const message =
      'What is answered here may hold a secret that is told once and kept nowhere, so it could not be answered again: ' +
      'send it without an Idempotency-Key.';
    super({
      code: 'IDEMPOTENCY_KEY_REFUSED',
      status: HttpStatus.BAD_REQUEST,
      message,
      publicMessage: message,
    });
  }
}

/** Nobody acts in the place of another without it being known who does. */
export class AdminActorUnknownError extends TenancyError {
  constructor() {
    super({
      code: 'ADMIN_ACTOR_UNKNOWN',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        'Nobody knows who asks for an impersonation, so there is none. Have the guard of the admin API set request.user ' +
        'with an id, or give TenancyAdminModule.forRoot() an actor that finds it.',
    });
  }
}

/** Nothing was begun under this id, or what was is forgotten by now. */
export class OperationNotFoundError extends TenancyError {
  constructor(id: string) {
    super({
      code: 'OPERATION_NOT_FOUND',
      status: HttpStatus.NOT_FOUND,
      message: `No operation has the id "${id}"; one is forgotten a day after it has ended.`,
    });
  }
}

/** The catalogue has no such quota. */
export class QuotaNotFoundError extends TenancyError {
  constructor(key: string, known: readonly string[]) {
    super({
      code: 'QUOTA_UNKNOWN',
      status: HttpStatus.NOT_FOUND,
      message: `There is no quota "${key}". Known are: ${known.join(', ')}.`,
    });
  }
}

/** The settings of the tenant say something of its quotas that means nothing: here it is the client who can mend it. */
export class QuotaSettingsConflictError extends TenancyError {
  constructor(cause: Error) {
    super({
      code: 'QUOTA_SETTINGS_INVALID',
      status: HttpStatus.CONFLICT,
      message: cause.message,
      cause,
    });
  }
}

/** A migration of the tenant is half-way, and the run was not told to go on with it. */
export class MigrationLeftHalfWayError extends TenancyError {
  constructor(slug: string) {
    super({
      code: 'TENANT_MIGRATION_HALF_WAY',
      status: HttpStatus.CONFLICT,
      message:
        `A migration of tenant "${slug}" did not come to its end. Look at halfWay of its migrations, then run them with ` +
        'resume, and where statements are in doubt with begun: done or undone.',
    });
  }
}
