/**
 * `npm run bench:migrate`: one migration of three statements (a table, a column, an index) for 200 tenants, each with a
 * database of its own, by 4 workers of `TenantMigrator`.
 *
 * What is measured:
 * - tenants per second, beside the same three statements sent as plain SQL over 4 connections, which records, locks and
 *   looks at nothing. Both take turns, a quarter of the tenants each time, so that what else the machine does meets both.
 *   4 schemas are changed at once; 3 more tenants are being made ready or recorded meanwhile.
 * - a run with nothing to do: with the tenants that were migrated, and 10,000 more that are registered as current. Their
 *   databases do not exist, so a run that opened one would fail.
 * - heap: after a garbage collection, when the first quarter was migrated and when the last was.
 * Every tenant's table of migrations is read in the end: each must have the migration once.
 *
 * `--tenants=1000` and `--tenants=10000` measure longer; the databases are made by plain SQL first, about 10 ms each.
 * Options: `migrate/options.ts`. `--check` demands 80 % of plain SQL, at most 2 s for the run with nothing to do, and at
 * most 1 KB of heap for each tenant between the quarters.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import {
  CENTRAL,
  Tenant,
  TenancyModule,
  TenantMigrator,
  type MigrationReport,
} from 'nestjs-tenancy';
import type { DataSource } from 'typeorm';
import { startServer } from '../test/support/servers/index.js';
import { CreateProjects1700000000000 } from './app/create-projects.migration.js';
import { tenantRow } from './app/register-tenants.js';
import { slugOf } from './app/settings.js';
import { tenancyOptions } from './app/tenancy.js';
import { atLeast, atMost } from './harness/bounds.js';
import { runCommand, type Outcome } from './harness/command.js';
import { describeMachine, machineLine } from './harness/machine.js';
import { serverVersion } from './harness/server-status.js';
import { stoppingAfter } from './harness/stopping.js';
import { table } from './harness/table.js';
import { AddInvoices1700000000001 } from './migrate/add-invoices.migration.js';
import { countMigrated, createMigratedDatabases } from './migrate/databases.js';
import { readMigrateOptions, type MigrateBenchOptions } from './migrate/options.js';
import { changeByPlainSql } from './migrate/plain-sql.js';

const QUARTERS = 4;
/** What each tenant has before. */
const BEFORE = ['CreateCacheAndSessions1000000000002', CreateProjects1700000000000.name];
/** Rows that go into one INSERT. */
const BATCH = 1_000;

interface Figures {
  /** Tenants per second. */
  readonly migrator: number;
  readonly plainSql: number;
  readonly share: number;
  /** Milliseconds of the run with nothing to do. */
  readonly nothingToDo: number;
  /** KB of heap that each tenant after the first quarter left. */
  readonly heapPerTenant: number;
}

function benchMigrate(options: MigrateBenchOptions): Promise<Outcome> {
  return stoppingAfter(async (keep) => {
    const server = keep(await startServer(options.server));
    const machine = describeMachine(await serverVersion(server));
    console.log(machineLine(machine));
    const { tenants, workers } = options;
    const { url } = server;

    await createMigratedDatabases(url, 2 * tenants, BEFORE);
    const { tenants: section, ...rest } = tenancyOptions({ url, maxConnections: 4 * workers });
    const migrations = [CreateProjects1700000000000, AddInvoices1700000000001];
    const module = TenancyModule.forRoot({ ...rest, tenants: { ...section, migrations } });
    const app = await NestFactory.createApplicationContext(module, { logger: ['error', 'warn'] });
    keep({ stop: () => app.close() });
    const central = app.get<DataSource>(getDataSourceToken(CENTRAL));
    const migrator = app.get(TenantMigrator);
    await register(central, 0, tenants);
    await migrator.status({ verify: true });

    const seconds = { migrator: 0, plainSql: 0 };
    const heaps: number[] = [];
    const quarter = Math.ceil(tenants / QUARTERS);
    for (let first = 0; first < tenants; first += quarter) {
      const end = Math.min(first + quarter, tenants);
      const only = Array.from({ length: end - first }, (_, index) => slugOf(first + index));
      const byMigrator = async () => {
        const report = await migrator.migrate({ only, workers });
        requireAll(report, only.length);
        seconds.migrator += report.milliseconds / 1_000;
      };
      const bySql = async () => {
        seconds.plainSql += await changeByPlainSql(url, tenants + first, tenants + end, workers);
      };
      // Whoever comes second may find the machine warmer: each does every other time.
      const turns = heaps.length % 2 === 0 ? [byMigrator, bySql] : [bySql, byMigrator];
      for (const turn of turns) await turn();
      heaps.push(heapUsed());
    }
    const once = await countMigrated(url, tenants, AddInvoices1700000000001.name);
    if (once !== tenants) throw new Error(`Only ${once} of ${tenants} tenants have it once`);

    await register(central, 2 * tenants, options.registered);
    await copySchema(central);
    const idle = await migrator.migrate();
    if (!idle.ok || idle.current !== tenants + options.registered) {
      throw new Error('The run with nothing to do found something');
    }
    const figures: Figures = {
      migrator: tenants / seconds.migrator,
      plainSql: tenants / seconds.plainSql,
      share: seconds.plainSql / seconds.migrator,
      nothingToDo: idle.milliseconds,
      heapPerTenant: (heaps.at(-1)! - heaps[0]) / 1_024 / (tenants - quarter),
    };
    console.log(`\n${figuresTable(options, figures)}`);
    return { machine, options, figures, bounds: demands(figures) };
  });
}

/** Registers tenants in bulk, from the `first` on. */
async function register(central: DataSource, first: number, count: number): Promise<void> {
  for (let done = 0; done < count; done += BATCH) {
    const length = Math.min(BATCH, count - done);
    const rows = Array.from({ length }, (_, index) => tenantRow(first + done + index));
    await central.getRepository(Tenant).insert(rows);
  }
}

/** Has everybody without a record be where those with one are. */
async function copySchema(central: DataSource): Promise<void> {
  await central.query(
    `INSERT INTO tenancy_schemas (tenant_id, fingerprint, version, applied)
     SELECT tenant.id, model.fingerprint, model.version, model.applied
     FROM tenancy_tenants tenant
     JOIN (SELECT * FROM tenancy_schemas LIMIT 1) model
     WHERE tenant.id NOT IN (SELECT tenant_id FROM tenancy_schemas)`,
  );
}

function requireAll({ ok, migrated, failed }: MigrationReport, wanted: number): void {
  if (ok && migrated === wanted) return;
  throw new Error(`Only ${migrated} of ${wanted} were migrated`, { cause: failed[0]?.error });
}

function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function figuresTable({ tenants, workers, registered }: MigrateBenchOptions, figures: Figures) {
  const rows: readonly (readonly [what: string, figure: string])[] = [
    [`migrated per second, ${workers} workers`, figures.migrator.toFixed(1)],
    [`plain SQL per second, ${workers} connections`, figures.plainSql.toFixed(1)],
    ['as fast as plain SQL, %', (figures.share * 100).toFixed(0)],
    [`nothing to do for ${tenants + registered}, ms`, String(figures.nothingToDo)],
    ['heap left per tenant, KB', figures.heapPerTenant.toFixed(2)],
  ];
  return table(
    [
      { heading: `${tenants} tenants, three statements each`, cell: ([what]) => what },
      { heading: 'measured', cell: ([, figure]) => figure },
    ],
    rows,
  );
}

function demands({ share, nothingToDo, heapPerTenant }: Figures) {
  return [
    atLeast('migrating is', share * 100, 80, '% as fast as plain SQL'),
    atMost('a run with nothing to do takes', nothingToDo, 2_000, 'ms'),
    atMost('heap', heapPerTenant, 1, 'KB more per tenant'),
  ];
}

void runCommand(readMigrateOptions, benchMigrate);
