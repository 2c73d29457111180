export type { TenantSocketOptions } from '../socket-admission.js';
export {
  tenantSubscriptions,
  type GraphqlConnection,
  type TenantSubscriptionsOptions,
} from './tenant-subscriptions.js';
