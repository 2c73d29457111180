export * from '../errors.js';
export type { Refusal, TenantSocketOptions } from '../socket-admission.js';
export { TenantWsAdapter } from './tenant-ws.adapter.js';
