import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';

/** A method with `@ForEachTenant()` was called, and nothing in the app runs those. */
export class TenantScheduleMissingError extends TenancyError {
  constructor(method: string) {
    super({
      code: 'TENANT_SCHEDULE_MISSING',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `${method} is to run for each tenant, but nothing in the app does that. Import TenantScheduleModule of ` +
        'nestjs-tenancy/schedule beside ScheduleModule.forRoot(), and let NestJS make the instance.',
    });
  }
}

/** Two methods of an app have one name in the table of runs, so that each would keep the other from running. */
export class ScheduledNameTakenError extends TenancyError {
  constructor(name: string) {
    super({
      code: 'SCHEDULED_NAME_TAKEN',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `Two methods with @ForEachTenant() are called "${name}". Give one of them another name: ` +
        '@ForEachTenant({ name: … }).',
    });
  }
}
