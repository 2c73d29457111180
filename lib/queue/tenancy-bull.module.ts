import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import {
  TENANT_JOBS_OPTIONS,
  checkTenantJobsOptions,
  type TenantJobsOptions,
} from './tenant-jobs-options.js';
import { TenantJobs } from './tenant-jobs.js';

/**
 * Has every job run for the tenant that it was added for. Import it once, beside `BullModule.forRoot()` of
 * `@nestjs/bullmq`; `@InjectQueue()`, `@InjectFlowProducer()` and `@Processor()` stay as they are.
 *
 * ```ts
 * @Module({
 *   imports: [
 *     TenancyModule.forRoot(),
 *     BullModule.forRoot({ connection: { host: 'localhost' } }),
 *     TenancyBullModule.forRoot({ concurrencyPerTenant: 5 }),
 *   ],
 * })
 * export class AppModule {}
 * ```
 */
@Module({})
export class TenancyBullModule {
  /** @throws TenancyOptionsError for options that cannot be */
  static forRoot(options: TenantJobsOptions = {}): DynamicModule {
    checkTenantJobsOptions(options);
    return {
      module: TenancyBullModule,
      global: true,
      imports: [DiscoveryModule],
      providers: [{ provide: TENANT_JOBS_OPTIONS, useValue: options }, TenantJobs],
      exports: [TenantJobs],
    };
  }
}
