import { IsArray, IsBoolean, IsInt, IsOptional, IsString, Min } from 'class-validator';
import { checkSection } from '../options/check-section.js';
import { TenancyOptionsError } from '../options/errors.js';

/** The options of `TenancyBullModule.forRoot()`. */
export class TenantJobsOptions {
  /** Queues that belong to no tenant, beside those whose processor is a `@CentralQueue()`. Default none. */
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  readonly centralQueues?: readonly string[];

  /**
   * Tenants take turns: a tenant's job waits for one job of each other tenant, however many those have. Default true.
   * False gives jobs in the order in which they come, with fewer commands for each.
   */
  @IsOptional()
  @IsBoolean()
  readonly fair?: boolean;

  /**
   * Jobs of one tenant that may run at once in a queue, on all workers together. Needs `fair`. Default: as many as the
   * workers can.
   */
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly concurrencyPerTenant?: number;
}

export const TENANT_JOBS_OPTIONS = Symbol.for('nestjs-tenancy:tenant-jobs-options');

/** @throws TenancyOptionsError */
export function checkTenantJobsOptions(options: TenantJobsOptions): void {
  const at = 'TenancyBullModule';
  const issues = checkSection(TenantJobsOptions, options, at);
  if (options.fair === false && options.concurrencyPerTenant !== undefined) {
    issues.push({
      path: `${at}.concurrencyPerTenant`,
      problem: 'is kept by the turns that fair: false does without',
      remedy: 'Leave one of them out',
    });
  }
  if (issues.length > 0) throw new TenancyOptionsError(issues);
}
