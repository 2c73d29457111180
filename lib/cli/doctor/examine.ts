import { basename } from 'node:path';
import type { ResolvedTenancyOptions } from '../../options/resolve.js';
import { failureOf } from '../failure.js';
import { budget } from './budget.js';
import {
  problem,
  type Check,
  type Finding,
  type KnownTenant,
  type ReachedServer,
  type SetUp,
} from './check.js';
import { clocks } from './clocks.js';
import { collations } from './collations.js';
import { connect } from './connections.js';
import { checkFolders } from './folders.js';
import { migrations } from './migrations.js';
import { privileges } from './privileges.js';
import { redis } from './redis.js';
import { tables } from './tables.js';
import { versions } from './versions.js';

/** A finding, and the check that made it. */
export type Diagnosis = Finding & { readonly check: string };

const CHECKS: readonly Check[] = [
  versions,
  clocks,
  budget,
  privileges,
  collations,
  tables,
  migrations,
  redis,
];

/** Looks at everything that can be looked at. What cannot be reached is told once, and the rest is looked at. */
export async function examine(options: ResolvedTenancyOptions): Promise<Diagnosis[]> {
  const of = (check: string) => (finding: Finding) => ({ check, ...finding });
  const folders = await checkFolders(options);
  const writable = !folders.some(({ level }) => level === 'problem');
  const { servers, findings } = await connect(options);
  const diagnoses = [...folders.map(of('folders')), ...findings.map(of('connections'))];
  try {
    const setUp = await setUpOf(options, servers);
    diagnoses.push(...missingCentral(setUp).map(of('central database')));
    for (const check of writable ? CHECKS : []) {
      diagnoses.push(...(await runCheck(check, setUp)).map(of(check.name)));
    }
    return diagnoses;
  } finally {
    for (const { inspection } of servers) await inspection.close();
  }
}

/** A check that fails is no reason to leave out the others. */
async function runCheck(check: Check, setUp: SetUp): Promise<readonly Finding[]> {
  try {
    return await check.run(setUp);
  } catch (error) {
    const { message } = failureOf(error);
    return [
      problem(check.name, `could not be looked at: ${message}`, 'Mend the other problems first'),
    ];
  }
}

async function setUpOf(
  options: ResolvedTenancyOptions,
  servers: readonly ReachedServer[],
): Promise<SetUp> {
  const central = servers.find(({ name, hasTenants }) => name === 'central' && !hasTenants);
  const { address } = options.central.server;
  const centralDatabase =
    address.engine === 'sqlite' ? basename(address.path, '.sqlite') : address.database;
  const tenants = central === undefined ? [] : await tenantsIn(central, centralDatabase);
  return { options, central, servers, centralDatabase, tenants };
}

const WITH_DATA: ReadonlySet<unknown> = new Set(['active', 'suspended', 'blocked']);

async function tenantsIn({ inspection }: ReachedServer, database: string): Promise<KnownTenant[]> {
  const there = await inspection.tables([database]);
  if (!there.get(database)?.has('tenancy_tenants')) return [];
  const columns = ['slug', 'server', 'database_name', 'status'];
  const rows = await inspection.rows(database, 'tenancy_tenants', columns);
  return rows
    .filter(({ status }) => WITH_DATA.has(status))
    .map((row) => ({
      slug: String(row.slug),
      server: String(row.server),
      database: String(row.database_name),
    }));
}

function missingCentral({ central, centralDatabase }: SetUp): Finding[] {
  if (central?.facts === undefined) return [];
  if (central.databases.some(({ name }) => name === centralDatabase)) return [];
  return [
    problem(
      'central',
      `database "${centralDatabase}" is not there, or the account may not see it`,
      `CREATE DATABASE \`${centralDatabase}\` CHARACTER SET utf8mb4`,
    ),
  ];
}
