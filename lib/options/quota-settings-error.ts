import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';

/** A tenant's settings say something of its quotas that means nothing. No limit is guessed. */
export class QuotaSettingsError extends TenancyError {
  constructor(slug: string, setting: string, problem: string) {
    super({
      code: 'QUOTA_SETTINGS_INVALID',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `The setting "${setting}" of tenant "${slug}" ${problem}. ` +
        'Change it with TenantService.update(tenant, { settings }).',
    });
  }
}
