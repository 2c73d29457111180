/**
 * `npm run bench:tenants`: 10,000 tenants, each with a database of its own, touched in one process that may open 40
 * connections to one server with the default settings (`max_connections` 151).
 *
 * What is measured, with a touch being `tenancy.run(slug, …)` around one `findOneBy` of the injected repository:
 * - heap per tenant: the heap after a garbage collection, before and after the tenants were touched, 40 at a time. What
 *   is not per tenant (compiled code, open connections) is made by touching others first. Read it as what a tenant costs
 *   while it stays in the registry.
 * - connections: the server's own `Max_used_connections` since just before, which misses no peak as sampling would.
 * - the first request to an unseen tenant beside one to a seen tenant: see `tenants/first-request.ts`.
 * Every row that was read is compared with the one that it should be.
 *
 * The databases are made by plain SQL and the tenants registered in bulk, which takes most of the time of this command
 * (about 10 ms per tenant); `--tenants=1000` is enough to see the shape. Options: `tenants/options.ts`.
 *
 * `--check` demands at most 2 KB of heap per tenant, never more connections than the cap and that of the central
 * database together, and at most 1 ms for being unseen, at the median.
 */
import 'reflect-metadata';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { TenancyModule } from 'nestjs-tenancy';
import { startServer } from '../test/support/servers/index.js';
import { createSharedDatabases, createTenantDatabases } from './app/databases.js';
import { Project } from './app/project.entity.js';
import { registerTenants } from './app/register-tenants.js';
import type { AppSettings } from './app/settings.js';
import { tenancyOptions } from './app/tenancy.js';
import { atMost } from './harness/bounds.js';
import { runCommand, type Outcome } from './harness/command.js';
import { describeMachine, machineLine } from './harness/machine.js';
import { mostConnections, resetMostConnections, serverVersion } from './harness/server-status.js';
import { stoppingAfter } from './harness/stopping.js';
import { table } from './harness/table.js';
import { measureFirstRequest, type FirstRequest } from './tenants/first-request.js';
import { measureHeapPerTenant, type HeapPerTenant } from './tenants/heap-per-tenant.js';
import { readTenantsOptions, type TenantsOptions } from './tenants/options.js';
import { Touch } from './tenants/touch.js';

/** Tenants touched before anything is measured. */
const WARM_UP = 200;
/** What `central.maxConnections` is when the options do not say. */
const CENTRAL_CONNECTIONS = 10;

@Module({})
class TenantsModule {
  static with(settings: Pick<AppSettings, 'url' | 'maxConnections'>): DynamicModule {
    return {
      module: TenantsModule,
      imports: [
        TenancyModule.forRoot(tenancyOptions(settings)),
        TypeOrmModule.forFeature([Project]),
      ],
      providers: [Touch],
    };
  }
}

function benchTenants(options: TenantsOptions): Promise<Outcome> {
  return stoppingAfter(async (keep) => {
    const server = keep(await startServer(options.server));
    const machine = describeMachine(await serverVersion(server));
    console.log(machineLine(machine));

    const settings = { url: server.url, maxConnections: options.connections };
    const warm = WARM_UP + options.tenants;
    const all = warm + options.unseen;
    await createSharedDatabases(server.url, 0);
    await createTenantDatabases(server.url, all);
    await registerTenants(settings, all);

    const app = await NestFactory.createApplicationContext(TenantsModule.with(settings), {
      logger: ['error', 'warn'],
    });
    keep({ stop: () => app.close() });
    const touch = app.get(Touch);
    await touch.tenants(0, WARM_UP, options.concurrency);
    await resetMostConnections(server);
    const heap = await measureHeapPerTenant(touch, WARM_UP, warm, options.concurrency);
    const connections = await mostConnections(server);
    const unseen = Array.from({ length: options.unseen }, (_, index) => warm + index);
    const seen = unseen.map((_, index) => WARM_UP + index);
    const first = await measureFirstRequest(touch, unseen, seen);

    const figures = { heap, connections, first };
    console.log(`\n${figuresTable(options, figures)}`);
    return { machine, options, figures, bounds: demands(options, figures) };
  });
}

interface Figures {
  readonly heap: HeapPerTenant;
  readonly connections: number;
  readonly first: FirstRequest;
}

function figuresTable({ tenants }: TenantsOptions, { heap, connections, first }: Figures): string {
  const rows: readonly (readonly [what: string, figure: string])[] = [
    ['heap per tenant, KB', heap.kilobytes.toFixed(2)],
    ['connections at once, at most', String(connections)],
    ['tenants touched per second', heap.rate.toFixed(0)],
    ['event loop late by, p99 ms', heap.eventLoopDelay.toFixed(1)],
    ['request to an unseen tenant, p50 ms', first.unseen.p50.toFixed(3)],
    ['request to a seen tenant, p50 ms', first.seen.p50.toFixed(3)],
    ['being unseen costs, p50 ms', first.difference.toFixed(3)],
  ];
  return table(
    [
      { heading: `${tenants} tenants in one process`, cell: ([what]) => what },
      { heading: 'measured', cell: ([, figure]) => figure },
    ],
    rows,
  );
}

function demands({ connections: cap }: TenantsOptions, { heap, connections, first }: Figures) {
  const allowed = cap + CENTRAL_CONNECTIONS;
  return [
    atMost('heap', heap.kilobytes, 2, 'KB per tenant'),
    atMost('the server had', connections, allowed, 'connections at once'),
    atMost('the first request to an unseen tenant is', first.difference, 1, 'ms slower'),
  ];
}

void runCommand(readTenantsOptions, benchTenants);
