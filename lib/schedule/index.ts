export * from './errors.js';
export { ForEachTenant, type ForEachTenantOptions } from './for-each-tenant.decorator.js';
export type * from './schedule-events.js';
export { TenantScheduleModule } from './tenant-schedule.module.js';
