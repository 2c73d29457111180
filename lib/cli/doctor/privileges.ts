import { createInspection } from '../../database/engines/create-inspection.js';
import type { MissingRights } from '../../database/engines/inspection.js';
import { asProvisioning } from './connections.js';
import { ok, problem, type Check, type Finding, type ReachedServer, type SetUp } from './check.js';

/** Whether the accounts may do what they have to: tried, with a database and tables that are gone afterwards. */
export const privileges: Check = {
  name: 'privileges',
  async run(setUp) {
    const findings: Finding[] = [];
    const { central, centralDatabase } = setUp;
    if (central?.facts !== undefined && central.databases.some(named(centralDatabase))) {
      const missing = await central.inspection.probeDatabase(centralDatabase);
      findings.push(...told('central', missing));
    }
    for (const server of setUp.servers) {
      if (server.hasTenants && server.facts !== undefined) {
        findings.push(...told(server.name, await probe(server, setUp)));
      }
    }
    return findings;
  },
};

async function probe(
  { options, inspection }: ReachedServer,
  { options: { tenants } }: SetUp,
): Promise<MissingRights[]> {
  const { databasePrefix, credentials } = tenants;
  const perTenant = credentials === 'per-tenant';
  const provisioning = asProvisioning(options);
  if (provisioning === undefined) {
    return [...(await inspection.probeProvisioning(databasePrefix, perTenant))];
  }
  const other = await createInspection(provisioning);
  const missing: MissingRights[] = [];
  try {
    // With accounts of their own, tenants are not served by the account of the URL.
    const serve = async (database: string) => {
      if (!perTenant) missing.push(...(await inspection.probeServing(database, databasePrefix)));
    };
    missing.push(...(await other.probeProvisioning(databasePrefix, perTenant, serve)));
  } finally {
    await other.close();
  }
  return missing;
}

function told(subject: string, missing: readonly MissingRights[]): Finding[] {
  if (missing.length === 0) return [ok(subject, 'lets its account do what it has to')];
  return missing.map(({ rights, grant }) =>
    problem(
      subject,
      `does not let its account ${rights.join(', ')}`,
      `Run as an administrator: ${grant}`,
    ),
  );
}

/** Names of databases differ by case on some servers. */
function named(name: string) {
  return (database: { readonly name: string }) =>
    database.name.toLowerCase() === name.toLowerCase();
}
