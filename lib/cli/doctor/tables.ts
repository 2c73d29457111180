import { ok, problem, type Check, type Finding, type ReachedServer, type SetUp } from './check.js';

/** This package's, and the migration that makes them. */
const CENTRAL = {
  tenancy_tenants: 'CreateTenantsAndDomains1000000000001',
  tenancy_domains: 'CreateTenantsAndDomains1000000000001',
  tenancy_credentials: 'CreateCredentials1000000000003',
  tenancy_schemas: 'CreateSchemas1000000000004',
  tenancy_templates: 'CreateTemplates1000000000005',
  tenancy_scheduled_runs: 'CreateScheduledRuns1000000000006',
  tenancy_quota_counters: 'CreateQuotas1000000000010',
  tenancy_quota_reservations: 'CreateQuotas1000000000010',
  tenancy_quota_log: 'CreateQuotas1000000000010',
  tenancy_audit_chains: 'CreateAudit1000000000011',
  tenancy_audit_log: 'CreateAudit1000000000011',
  tenancy_maintenance: 'CreateMaintenance1000000000012',
  tenancy_api_keys: 'CreateApiKeys1000000000013',
  tenancy_impersonations: 'CreateImpersonations1000000000015',
  tenancy_admin_operations: 'CreateAdminOperations1000000000016',
} as const;
const TENANT = {
  cache: 'CreateCacheAndSessions1000000000002',
  cache_locks: 'CreateCacheAndSessions1000000000002',
  sessions: 'CreateCacheAndSessions1000000000002',
} as const;

/** Whether the tables are there that this package makes in every database. */
export const tables: Check = {
  name: 'tables',
  async run(setUp) {
    const { central, centralDatabase } = setUp;
    const findings: Finding[] = [];
    if (central !== undefined) findings.push(...(await ofCentral(central, centralDatabase)));
    for (const server of setUp.servers) findings.push(...(await ofTenants(server, setUp)));
    return findings;
  },
};

async function ofCentral({ inspection }: ReachedServer, database: string): Promise<Finding[]> {
  const there = (await inspection.tables([database])).get(database);
  // Before the first start of the app there is nothing; that is told of as pending migrations.
  if (there === undefined || there.size === 0) return [];
  const findings = missingOf(CENTRAL, there, 'central', database);
  return findings.length > 0 ? findings : [ok('central', 'has its tables')];
}

async function ofTenants(server: ReachedServer, { tenants }: SetUp): Promise<Finding[]> {
  const own = tenants.filter((tenant) => server.hasTenants && tenant.server === server.name);
  if (own.length === 0) return [];
  const found = await server.inspection.tables(own.map(({ database }) => database));
  const findings = own.flatMap(({ slug, database }) => {
    const there = found.get(database);
    if (there !== undefined) return missingOf(TENANT, there, `tenant ${slug}`, database);
    const remedy =
      'Restore it from a backup; if the tenant is gone for good, delete it: npx tenancy tenant delete';
    return [
      problem(`tenant ${slug}`, `has no database: "${database}" is not on ${server.name}`, remedy),
    ];
  });
  return findings.length > 0
    ? findings
    : [ok(server.name, `${own.length} tenant(s) have their tables`)];
}

function missingOf(
  wanted: Readonly<Record<string, string>>,
  there: ReadonlySet<string>,
  subject: string,
  database: string,
): Finding[] {
  const missing = Object.entries(wanted).filter(([name]) => !there.has(name));
  if (missing.length === 0) return [];
  const [[, migration]] = missing;
  return [
    problem(
      subject,
      `lacks the table(s) ${missing.map(([name]) => name).join(', ')} in database "${database}"`,
      `Restore them from a backup; empty ones are made again by the migration ${migration}: delete its row from the ` +
        'table of migrations there, and migrate',
    ),
  ];
}
