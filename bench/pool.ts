/**
 * `npm run bench:pool`: the pool of connections under more tenants and clients than it has connections. The app server,
 * the clients and this command are processes of their own; the database server is started by this command and takes 60
 * connections, of which the app may have 40 for tenants and 10 for the central database.
 *
 * `scale`: 1,000 clients, each with a request under way all the time, on 50 and on 1,000 tenants (`--all`: on 10,000,
 * whose databases take some minutes to make), distributed evenly and by Zipf's law. Beside it `request-scope`, which
 * opens a pool for each tenant, on the same server with the same clients. The server is asked every 50 ms how many
 * connections it has. Each app is started for its crowd and is cold when all clients come at once. Of the leases,
 * `reused` found a connection at the tenant already, `turned` took one from another tenant, `opened` had to open one.
 *
 * `fairness`: one tenant has 500 requests under way that each hold a connection for 20 ms; another asks 10 times a
 * second. What is compared is the other's p99, beside the flood and without; and with it a plain pool of mysql2, which
 * serves whoever came first.
 *
 * `lease`: what borrowing an idle connection and giving it back takes, in this process, without a query.
 *
 * Options: `pool/options.ts`; `npm run bench:pool -- fairness` runs one part.
 *
 * `--check` demands: no error, never more connections than 50, at least 90 % of the leases without a new connection;
 * a p99 beside a flood of at most 3 times that alone; at most 5 µs for a lease.
 */
import 'reflect-metadata';
import { startServer, type RunningServer } from '../test/support/servers/index.js';
import type { Bound } from './harness/bounds.js';
import { runCommand, type Outcome } from './harness/command.js';
import { describeMachine, machineLine } from './harness/machine.js';
import { serverVersion } from './harness/server-status.js';
import { stoppingAfter } from './harness/stopping.js';
import { Clients } from './pool/clients.js';
import { fairnessDemands, fairnessTable, measureFairness, type Fairness } from './pool/fairness.js';
import type { Finding, Keep } from './pool/finding.js';
import { layOut } from './pool/lay-out.js';
import { leaseCostDemands, leaseCostTable, measureLeaseCost } from './pool/lease-cost.js';
import { readPoolOptions, type PARTS, type PoolOptions } from './pool/options.js';
import {
  errorLines,
  MAX_CONNECTIONS,
  measureScale,
  scaleDemands,
  scaleTable,
  type Scale,
} from './pool/scale.js';

type Part = (server: RunningServer, options: PoolOptions, keep: Keep) => Promise<Finding>;

const RUN: Readonly<Record<(typeof PARTS)[number], Part>> = { scale, fairness, lease };

function benchPool(options: PoolOptions): Promise<Outcome> {
  return stoppingAfter(async (keep) => {
    const server = keep(await startServer(options.server, { maxConnections: MAX_CONNECTIONS }));
    const machine = describeMachine(await serverVersion(server));
    console.log(`${machineLine(machine)}; max_connections ${MAX_CONNECTIONS}`);
    const { parts, crowds } = options;
    const most = parts.includes('scale') ? crowds.map(({ tenants }) => tenants) : [];
    await layOut(server, Math.max(2, ...most));

    const figures: Record<string, object> = {};
    const bounds: Bound[] = [];
    for (const part of parts) {
      const finding = await RUN[part](server, options, keep);
      figures[part] = finding.figures;
      bounds.push(...finding.bounds);
    }
    return { machine, options, figures, bounds };
  });
}

async function scale(server: RunningServer, options: PoolOptions, keep: Keep): Promise<Finding> {
  const clients = keep(new Clients());
  const scales: Scale[] = [];
  for (const crowd of options.crowds) {
    for (const variant of ['tenancy', 'request-scope'] as const) {
      scales.push(await measureScale(variant, crowd, server, clients, options));
    }
  }
  console.log(`\n${options.clients} clients, ${options.seconds} s\n${scaleTable(scales)}`);
  console.log(errorLines(scales));
  console.log(`The clients' process was at most ${(clients.busiest * 100).toFixed(0)} % busy.`);
  return { figures: scales, bounds: scaleDemands(scales) };
}

async function fairness(server: RunningServer, options: PoolOptions, keep: Keep): Promise<Finding> {
  const [flooding, asking] = [keep(new Clients()), keep(new Clients())];
  const figures: Fairness[] = [];
  for (const variant of ['tenancy', 'first-come'] as const) {
    const { fairnessSeconds } = options;
    figures.push(...(await measureFairness(variant, server, flooding, asking, fairnessSeconds)));
  }
  console.log(`\n${fairnessTable(figures)}`);
  return { figures, bounds: fairnessDemands(figures) };
}

async function lease(server: RunningServer): Promise<Finding> {
  const cost = await measureLeaseCost(server);
  console.log(`\n${leaseCostTable(cost)}`);
  return { figures: cost, bounds: leaseCostDemands(cost) };
}

void runCommand(readPoolOptions, benchPool);
