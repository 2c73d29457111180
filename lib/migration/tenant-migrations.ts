import { CreateAuditOutbox1000000000020 } from './tenant/create-audit-outbox.js';
import { CreateCacheAndSessions1000000000002 } from './tenant/create-cache-and-sessions.js';

/** This package's migrations of every tenant database. */
export const TENANT_MIGRATIONS = [CreateCacheAndSessions1000000000002];

/** With those that an app lists itself, for what it makes use of. No rollback touches them. */
export const OWN_TENANT_MIGRATIONS = [...TENANT_MIGRATIONS, CreateAuditOutbox1000000000020];
