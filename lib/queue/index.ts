export { CentralQueue } from './central-queue.decorator.js';
export {
  JobInCentralQueueError,
  JobParentOfOtherTenantError,
  JobTenantGoneError,
  JobTenantMissingError,
  JobTenantNotServedError,
  QueueSharedError,
  QueueUnsupportedError,
  type JobInError,
} from './errors.js';
export { tenantIdOf } from './job-tenant.js';
export { TenancyBullModule } from './tenancy-bull.module.js';
export { TenantJobsOptions } from './tenant-jobs-options.js';
export { TenantJobs } from './tenant-jobs.js';
