import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';
import type { QuotaState } from './quota-state.js';

export { QuotaSettingsError } from '../options/quota-settings-error.js';

/** A tenant has used up what it may use. Status 429, or 402 where the quota's definition says so. */
export class QuotaExceededError extends TenancyError {
  /**
   * @param state of the quota, before what was refused
   * @param cost what was asked for, in units
   */
  constructor(
    slug: string,
    readonly state: QuotaState,
    readonly cost: number,
    status: number,
  ) {
    const { key, used, reserved, limit, resetsAt } = state;
    const until =
      resetsAt === null ? 'It does not begin anew' : `It begins anew at ${resetsAt.toISOString()}`;
    super({
      code: 'QUOTA_EXCEEDED',
      status,
      message:
        `Tenant "${slug}" asks for ${cost} of the quota "${key}", and has used ${used} and reserved ${reserved} ` +
        `of ${limit}. ${until}; its plan or its setting of the limit can give it more.`,
      publicMessage: `The quota "${key}" is used up`,
      // To come again makes no sense where something has to be paid for first.
      ...(resetsAt !== null &&
        status !== HttpStatus.PAYMENT_REQUIRED && {
          retryAfter: Math.max(1, Math.ceil((resetsAt.getTime() - Date.now()) / 1_000)),
        }),
    });
  }
}

/** A key that the catalogue does not have. */
export class QuotaUnknownError extends TenancyError {
  constructor(key: string, known: readonly string[]) {
    super({
      code: 'QUOTA_UNKNOWN',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message: `There is no quota "${key}". Define it in quota.catalogue. Known are: ${known.join(', ')}.`,
    });
  }
}

/** An amount that cannot be counted. */
export class QuotaAmountError extends TenancyError {
  constructor(amount: unknown) {
    super({
      code: 'QUOTA_AMOUNT_INVALID',
      status: HttpStatus.BAD_REQUEST,
      message: `The amount of a quota must be a number from 0 to a billion, not ${String(amount)}.`,
    });
  }
}

/** A reservation was committed that is none any more. Nothing was counted. */
export class QuotaReservationEndedError extends TenancyError {
  constructor(key: string, id: string) {
    super({
      code: 'QUOTA_RESERVATION_ENDED',
      status: HttpStatus.CONFLICT,
      message:
        `The reservation ${id} of the quota "${key}" was committed or released already, or its time was up and what ` +
        'it held was given back. Nothing was counted: consume() what was used, or reserve for a longer time.',
    });
  }
}

/** The gauge is not measured by anything: its definition has no `measure`. */
export class QuotaNotMeasuredError extends TenancyError {
  constructor(key: string) {
    super({
      code: 'QUOTA_NOT_MEASURED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message: `Nothing measures the quota "${key}". Give quota.catalogue.${key}.measure, or tell it with set().`,
    });
  }
}

/** A gauge's callback gave something that is no amount. */
export class QuotaMeasureError extends TenancyError {
  constructor(key: string, cause: unknown) {
    super({
      code: 'QUOTA_MEASURE_FAILED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message: `The quota "${key}" could not be measured: ${cause instanceof Error ? cause.message : String(cause)}.`,
      cause,
    });
  }
}
