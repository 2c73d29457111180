import { CreateCacheAndSessions1000000000002 } from './tenant/create-cache-and-sessions.js';

/** This package's migrations of every tenant database. */
export const TENANT_MIGRATIONS = [CreateCacheAndSessions1000000000002];
