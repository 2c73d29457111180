import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';

export interface OptionIssue {
  /** Where: `tenants.servers.main.url`. */
  readonly path: string;
  /** What is wrong with it, without repeating a value that may be a secret. */
  readonly problem: string;
  readonly remedy: string;
}

/** The options are refused; the app does not start. */
export class TenancyOptionsError extends TenancyError {
  constructor(readonly issues: readonly OptionIssue[]) {
    super({
      code: 'TENANCY_OPTIONS_INVALID',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message: [
        `The options of TenancyModule are refused (${issues.length} problem(s)):`,
        ...issues.map(({ path, problem, remedy }) => `  - ${path}: ${problem}. ${remedy}`),
      ].join('\n'),
    });
  }
}
