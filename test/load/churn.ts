import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createSharedDatabases } from '../../bench/app/databases.js';
import { registerTenants } from '../../bench/app/register-tenants.js';
import { atLeast } from '../../bench/harness/bounds.js';
import { Child } from '../../bench/harness/child.js';
import { openConnections } from '../../bench/harness/server-status.js';
import { countsLine } from '../../bench/pool/answers.js';
import { PoolApp } from '../../bench/pool/app-process.js';
import type { Finding, Keep } from '../../bench/pool/finding.js';
import { startServer, type RunningServer } from '../support/servers/index.js';
import type { ChurnProgress } from './churn-clients.js';
import { graphOf, levelsOff, thirdsOf, type Series } from './levelling-off.js';
import type { LoadTestOptions } from './options.js';

const CAP = 20;
/** What the registry keeps at most, so that it is full in the first third: of 20,000, the default, a minute sees no end. */
const REMEMBERED = 100;
/** Samples of a run, at least a second apart: a garbage collection goes before each. */
const SAMPLES = 180;

/** What the app holds at one moment. */
interface Sample {
  /** Seconds since the start. */
  readonly at: number;
  /** Tenants whose life is over. */
  readonly lives: number;
  /** MB, after a garbage collection. */
  readonly heap: number;
  /** MB. */
  readonly rss: number;
  /** All that keeps the event loop alive but timers: sockets, pipes, … */
  readonly handles: number;
  readonly timers: number;
  /** By the database server. */
  readonly connections: number;
  readonly resources: Readonly<Record<string, number>>;
}

/**
 * Tenants are created, used, suspended, activated, blocked and deleted with their databases, four at a time, for as long
 * as `--minutes` says. Heap, handles, timers and connections level off: in the last third of the time the median is
 * no more than a little over that of the middle third.
 */
export async function churn(
  { server: kind, minutes }: LoadTestOptions,
  keep: Keep,
): Promise<Finding> {
  const server = keep(await startServer(kind));
  await createSharedDatabases(server.url, 0);
  // None yet, but the central tables.
  await registerTenants({ url: server.url, maxConnections: 4 }, 0);
  const app = keep(
    await PoolApp.start({
      variant: 'tenancy',
      kind,
      centralUrl: server.url,
      servers: { main: { url: server.url, maxConnections: CAP } },
      registry: { maxTenants: REMEMBERED, maxUnknown: REMEMBERED },
    }),
  );
  const clients = keep(Child.fork(join(__dirname, 'churn-clients.js')));
  await clients.ask<ChurnProgress>({ port: app.port });

  const samples = await sampleFor(minutes * 60, app, clients, server);
  const { pools, errors } = await app.report();
  const series = seriesOf(samples);
  for (const one of series) console.log(`\n${graphOf(one)}`);
  console.log(`\n${perTenantLine(samples)}`);
  console.log(`Kept the event loop alive at the end: ${countsLine(samples.at(-1)!.resources)}`);
  console.log(`The app logged: ${countsLine(errors)}`);
  return {
    figures: { samples, pools, errors },
    bounds: [
      atLeast('tenants', samples.at(-1)!.lives, 10, 'created and deleted'),
      ...series.map(levelsOff),
    ],
  };
}

async function sampleFor(
  seconds: number,
  app: PoolApp,
  clients: Child,
  server: RunningServer,
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const interval = Math.max(1_000, (seconds * 1000) / SAMPLES);
  const start = performance.now();
  for (let due = start + interval; due <= start + seconds * 1000; due += interval) {
    await delay(due - performance.now());
    const { heap, rss, resources } = await app.report(true);
    const { Timeout: timers = 0, ...others } = resources;
    samples.push({
      at: (performance.now() - start) / 1000,
      lives: (await clients.ask<ChurnProgress>({})).lives,
      heap,
      rss,
      handles: Object.values(others).reduce((sum, count) => sum + count, 0),
      timers,
      connections: await openConnections(server),
      resources,
    });
  }
  return samples;
}

function seriesOf(samples: readonly Sample[]): readonly Series[] {
  const few = { share: 0.1, besides: 2 };
  return [
    {
      name: 'Heap',
      unit: 'MB',
      values: samples.map(({ heap }) => heap),
      tolerance: { share: 0.05, besides: 1 },
    },
    {
      name: 'Handles',
      unit: 'open',
      values: samples.map(({ handles }) => handles),
      tolerance: few,
    },
    { name: 'Timers', unit: 'set', values: samples.map(({ timers }) => timers), tolerance: few },
    {
      name: 'Connections',
      unit: 'open',
      values: samples.map(({ connections }) => connections),
      tolerance: few,
    },
  ];
}

/** What is left of a tenant that is gone, if what the last third has over the middle one is put down to tenants. */
function perTenantLine(samples: readonly Sample[]): string {
  const heap = thirdsOf(samples.map((sample) => sample.heap));
  const lives = thirdsOf(samples.map((sample) => sample.lives));
  const kilobytes = ((heap.last - heap.middle) * 1024) / (lives.last - lives.middle);
  const last = samples.at(-1)!;
  return (
    `${last.lives} tenants came and went, ${(last.lives / last.at).toFixed(1)} a second. From the middle third to the ` +
    `last the heap grew by ${kilobytes.toFixed(2)} KB for each.`
  );
}
