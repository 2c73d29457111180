import type { Type } from '@nestjs/common';
import { ConnectionMetadataBuilder } from 'typeorm/connection/ConnectionMetadataBuilder.js';
import { ConnectionPoolManager } from '../../database/connection-pool-manager.js';
import { CENTRAL_MIGRATIONS, TENANT_MIGRATIONS } from '../../migration/index.js';
import type { ResolvedTenancyOptions } from '../../options/resolve.js';
import { ok, problem, some, warning, type Check, type Finding, type SetUp } from './check.js';
import type { ReachedServer } from './check.js';

/** Whether the databases have been migrated as far as the code is, and no further. */
export const migrations: Check = {
  name: 'migrations',
  async run(setUp) {
    const known = await migrationsOfCode(setUp.options);
    return [...(await ofCentral(setUp, known.central)), ...(await ofTenants(setUp, known.tenants))];
  },
};

async function ofCentral(setUp: SetUp, known: readonly string[]): Promise<Finding[]> {
  const { central, centralDatabase, options } = setUp;
  if (central === undefined) return [];
  const recorded = await recordedIn(central, centralDatabase, tableOf(options.central));
  const findings = unknownTo(known, recorded, 'central');
  const pending = known.filter((name) => !recorded.includes(name));
  if (pending.length > 0) {
    const message = `${pending.length} migration(s) have not run: ${some(pending)}`;
    findings.push(
      options.central.migrate
        ? warning('central', message, 'They run when the app starts')
        : problem('central', message, 'Run them before the app starts: npx tenancy migrate'),
    );
  }
  return findings.length > 0 ? findings : [ok('central', 'is migrated')];
}

async function ofTenants(setUp: SetUp, known: readonly string[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  const pending: string[] = [];
  for (const { slug, server, database } of setUp.tenants) {
    const reached = setUp.servers.find(({ name, hasTenants }) => hasTenants && name === server);
    if (reached === undefined) continue;
    const recorded = await recordedIn(reached, database, tableOf(setUp.options.tenants));
    findings.push(...unknownTo(known, recorded, `tenant ${slug}`));
    if (recorded.length > 0 && known.some((name) => !recorded.includes(name))) pending.push(slug);
  }
  if (pending.length > 0) {
    const message = `${pending.length} tenant(s) have migrations that have not run: ${some(pending)}`;
    findings.push(warning('tenants', message, 'Run them: npx tenancy migrate'));
  }
  if (findings.length > 0 || setUp.tenants.length === 0) return findings;
  return [ok('tenants', `${setUp.tenants.length} are migrated`)];
}

function unknownTo(
  known: readonly string[],
  recorded: readonly string[],
  subject: string,
): Finding[] {
  const unknown = recorded.filter((name) => !known.includes(name));
  if (unknown.length === 0) return [];
  return [
    problem(
      subject,
      `has run migration(s) that the code does not have: ${some(unknown)}`,
      'Deploy the code that has them; or, if they were renamed, rename them in the table of migrations, too',
    ),
  ];
}

/** None where the database or the table is not there yet. */
async function recordedIn(
  { inspection }: ReachedServer,
  database: string,
  table: string,
): Promise<string[]> {
  const tables = await inspection.tables([database]);
  if (!tables.get(database)?.has(table)) return [];
  const rows = await inspection.rows(database, table, ['name']);
  return rows.map(({ name }) => String(name));
}

/** Where TypeORM records what has run. */
export function tableOf({ typeorm }: Pick<ResolvedTenancyOptions['tenants'], 'typeorm'>): string {
  return typeorm?.migrationsTableName ?? 'migrations';
}

/** Read the way TypeORM reads them, globs and all, and without a connection. */
async function migrationsOfCode(options: ResolvedTenancyOptions) {
  const { central, tenants } = options;
  const pools = new ConnectionPoolManager(options);
  const builder = new ConnectionMetadataBuilder(pools.createTenantDataSource({}));
  const names = async (own: readonly Type[], section: typeof central | typeof tenants) => {
    const all = [...own, ...Object.values(section.migrations ?? [])];
    return (await builder.buildMigrations(all)).map((one) => one.name ?? one.constructor.name);
  };
  return {
    central: await names(CENTRAL_MIGRATIONS, central),
    tenants: await names(TENANT_MIGRATIONS, tenants),
  };
}
