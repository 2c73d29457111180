import type { Provider } from '@nestjs/common';
import { CredentialCipher } from './credential-cipher.js';
import { CredentialsStore } from './credentials-store.js';
import { CurrentTenants } from './current-tenants.js';
import { DomainStore } from './domain-store.js';
import { PendingStore } from './pending-store.js';
import { PendingTenants } from './pending-tenants.js';
import { RegistrySubscriber } from './registry-subscriber.js';
import { TenancyEvents } from './tenancy-events.js';
import { TenantAccounts } from './tenant-accounts.js';
import { TenantCreation } from './tenant-creation.js';
import { TenantDomains } from './tenant-domains.js';
import { TenantPlacing } from './tenant-placing.js';
import { TenantProvisioner } from './tenant-provisioner.js';
import { TenantRegistry } from './tenant-registry.js';
import { TenantStore } from './tenant-store.js';
import { TenantService } from './tenant.service.js';

/** This room, for the module that assembles the rooms. */
export const TENANT_PROVIDERS: Provider[] = [
  CurrentTenants,
  CredentialCipher,
  CredentialsStore,
  DomainStore,
  PendingStore,
  PendingTenants,
  RegistrySubscriber,
  TenancyEvents,
  TenantAccounts,
  TenantCreation,
  TenantDomains,
  TenantPlacing,
  TenantProvisioner,
  TenantRegistry,
  TenantService,
  TenantStore,
];
