/**
 * `npm run bench:provision`: new tenants of an app with 20 migrations of a table each, made from the template of the schema,
 * 4 at once.
 *
 * What is measured:
 * - tenants per second, beside CREATE DATABASE and the CREATE TABLEs of the same tables sent as plain SQL over 4
 *   connections. Both take turns, a quarter of the tenants each time, so that what else the machine does meets both.
 * - the same with `tenants.template: false`, for which every migration runs: what the template saves.
 * - milliseconds until a creation that finds a database ready is through, one after the other.
 * The last tenant must have the tables and the record of migrations that a migrated one has.
 *
 * Options: `provision/options.ts`. `--check` demands 60 % of plain SQL, and a median of at most 10 ms for a claim.
 */
import 'reflect-metadata';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import { CENTRAL, TenancyModule, TenantService, type TenancyOptions } from 'nestjs-tenancy';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { startServer } from '../test/support/servers/index.js';
import { CENTRAL_DATABASE, DATABASE_PREFIX, databaseOf } from './app/settings.js';
import { tenancyOptions } from './app/tenancy.js';
import { atLeast, atMost } from './harness/bounds.js';
import { runCommand, type Outcome } from './harness/command.js';
import { describeMachine, machineLine } from './harness/machine.js';
import { serverVersion } from './harness/server-status.js';
import { median } from './harness/statistics.js';
import { stoppingAfter } from './harness/stopping.js';
import { table } from './harness/table.js';
import { readProvisionOptions, type ProvisionBenchOptions } from './provision/options.js';
import { createByPlainSql, creationsOf } from './provision/plain-sql.js';
import { tableMigrations } from './provision/table-migrations.js';

const QUARTERS = 4;

interface Figures {
  /** Tenants per second. */
  readonly template: number;
  readonly migrated: number;
  readonly plainSql: number;
  readonly share: number;
  /** Milliseconds. */
  readonly claimMedian: number;
  readonly claimMost: number;
}

function benchProvision(options: ProvisionBenchOptions): Promise<Outcome> {
  return stoppingAfter(async (keep) => {
    const server = keep(await startServer(options.server));
    const machine = describeMachine(await serverVersion(server));
    console.log(machineLine(machine));
    const { url } = server;
    await server.query(`CREATE DATABASE ${CENTRAL_DATABASE}`);
    const { workers, tenants, tables } = options;
    const base = tenancyOptions({ url, maxConnections: 2 * workers });
    const migrations = tableMigrations(tables);
    const start = async (section: TenancyOptions['tenants']) => {
      const module = TenancyModule.forRoot({
        ...base,
        tenants: { ...base.tenants, migrations, ...section },
      });
      const app = await NestFactory.createApplicationContext(module, { logger: ['error', 'warn'] });
      return keep({ app, stop: () => app.close() }).app;
    };
    const byTemplate = await start({});
    const byMigrations = await start({ template: false });
    for (const slug of ['m0', 'm1', 'm2']) await byTemplate.get(TenantService).create({ slug });
    const creations = await creationsOf(url, databaseOf('m0'));

    const seconds = { template: 0, migrated: 0, plainSql: 0 };
    const quarter = Math.ceil(tenants / QUARTERS);
    for (let first = 0; first < tenants; first += quarter) {
      const names = Array.from(
        { length: Math.min(quarter, tenants - first) },
        (_, index) => first + index,
      );
      const slugs = (kind: string) => names.map((n) => `${kind}${n}`);
      const turns = [
        async () => {
          seconds.template += await createAll(byTemplate, slugs('t'), workers);
        },
        async () => {
          const databases = slugs('p').map(databaseOf);
          seconds.plainSql += await createByPlainSql(url, databases, creations, workers);
        },
        async () => {
          seconds.migrated += await createAll(byMigrations, slugs('s'), workers);
        },
      ];
      // Whoever comes second may find the machine warmer: each does every other time.
      for (const turn of (first / quarter) % 2 === 0 ? turns : turns.toReversed()) await turn();
    }
    const made = await creationsOf(url, databaseOf(`t${tenants - 1}`));
    if (made.join() !== creations.join()) throw new Error('The last tenant is not as the first');

    const claims = await claim(await start({ pending: options.pending }), options.pending);
    const figures: Figures = {
      template: tenants / seconds.template,
      migrated: tenants / seconds.migrated,
      plainSql: tenants / seconds.plainSql,
      share: seconds.plainSql / seconds.template,
      claimMedian: median(claims),
      claimMost: Math.max(...claims),
    };
    console.log(`\n${figuresTable(options, figures)}`);
    return { machine, options, figures, bounds: demands(figures) };
  });
}

/** @returns seconds */
async function createAll(
  app: INestApplicationContext,
  slugs: readonly string[],
  workers: number,
): Promise<number> {
  const service = app.get(TenantService);
  const waiting = [...slugs];
  const startedAt = performance.now();
  const worker = async () => {
    for (let slug = waiting.shift(); slug !== undefined; slug = waiting.shift()) {
      await service.create({ slug });
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return (performance.now() - startedAt) / 1_000;
}

/** Claims half of what is ready, one after the other, while more is made: as sign-ups find it. @returns milliseconds each */
async function claim(app: INestApplicationContext, pending: number): Promise<number[]> {
  const central = app.get<DataSource>(getDataSourceToken(CENTRAL));
  const ready = async () => {
    const [{ amount }] = await central.query<{ amount: string }[]>(
      "SELECT COUNT(*) AS amount FROM tenancy_tenants WHERE status = 'pending' AND step = 'migrated'",
    );
    return Number(amount);
  };
  while ((await ready()) < pending) await delay(100);
  const service = app.get(TenantService);
  const times: number[] = [];
  for (let index = 0; index < pending / 2; index += 1) {
    const startedAt = performance.now();
    const { placement } = await service.create({ slug: `c${index}` });
    times.push(performance.now() - startedAt);
    if (!placement.database.startsWith(`${DATABASE_PREFIX}ready_`)) throw new Error('Not claimed');
    await delay(50);
  }
  return times;
}

function figuresTable({ tables, workers, tenants }: ProvisionBenchOptions, figures: Figures) {
  const rows: readonly (readonly [what: string, figure: string])[] = [
    ['from the template, per second', figures.template.toFixed(1)],
    ['plain SQL, per second', figures.plainSql.toFixed(1)],
    ['as fast as plain SQL, %', (figures.share * 100).toFixed(0)],
    ['by migrations, per second', figures.migrated.toFixed(1)],
    ['claim of a ready one, median ms', figures.claimMedian.toFixed(1)],
    ['claim of a ready one, most ms', figures.claimMost.toFixed(1)],
  ];
  return table(
    [
      {
        heading: `${tenants} tenants, ${tables} migrations, ${workers} at once`,
        cell: ([what]) => what,
      },
      { heading: 'measured', cell: ([, figure]) => figure },
    ],
    rows,
  );
}

function demands({ share, claimMedian }: Figures) {
  return [
    atLeast('creating is', share * 100, 60, '% as fast as plain SQL'),
    atMost('a claim takes', claimMedian, 10, 'ms at the median'),
  ];
}

void runCommand(readProvisionOptions, benchProvision);
