import { CreateCredentials1000000000003 } from './central/create-credentials.js';
import { CreateTenantsAndDomains1000000000001 } from './central/create-tenants-and-domains.js';
import { CreateCacheAndSessions1000000000002 } from './tenant/create-cache-and-sessions.js';

/** This package's migrations of the central database. Their timestamps are from 2001, so that they run before the app's. */
export const CENTRAL_MIGRATIONS = [
  CreateTenantsAndDomains1000000000001,
  CreateCredentials1000000000003,
];

/** This package's migrations of every tenant database. */
export const TENANT_MIGRATIONS = [CreateCacheAndSessions1000000000002];
