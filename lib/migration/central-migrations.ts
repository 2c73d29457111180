import { CreateAudit1000000000011 } from './central/create-audit.js';
import { CreateApiKeys1000000000013 } from './central/create-api-keys.js';
import { CreateAdminOperations1000000000016 } from './central/create-admin-operations.js';
import { CreateCredentials1000000000003 } from './central/create-credentials.js';
import { CreateImpersonations1000000000015 } from './central/create-impersonations.js';
import { CreateMaintenance1000000000012 } from './central/create-maintenance.js';
import { CreateScheduledRuns1000000000006 } from './central/create-scheduled-runs.js';
import { CreateQuotas1000000000010 } from './central/create-quotas.js';
import { CreateSchemas1000000000004 } from './central/create-schemas.js';
import { CreateTemplates1000000000005 } from './central/create-templates.js';
import { CreateTenantsAndDomains1000000000001 } from './central/create-tenants-and-domains.js';

/** This package's migrations of the central database. Their timestamps are from 2001, so that they run before the app's. */
export const CENTRAL_MIGRATIONS = [
  CreateTenantsAndDomains1000000000001,
  CreateCredentials1000000000003,
  CreateSchemas1000000000004,
  CreateTemplates1000000000005,
  CreateScheduledRuns1000000000006,
  CreateQuotas1000000000010,
  CreateAudit1000000000011,
  CreateMaintenance1000000000012,
  CreateApiKeys1000000000013,
  CreateImpersonations1000000000015,
  CreateAdminOperations1000000000016,
];
