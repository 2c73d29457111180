export * from './errors.js';
export { TenancyMicroservicesModule } from './tenancy-microservices.module.js';
export type { NamingMessage, TenantMessagesOptions } from './tenant-messages-options.js';
export { TenantMessages } from './tenant-messages.js';
