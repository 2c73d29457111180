export * from '../errors.js';
export type { Refusal, TenantSocketOptions } from '../socket-admission.js';
export { TenantIoAdapter } from './tenant-io.adapter.js';
