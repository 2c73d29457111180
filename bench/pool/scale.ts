import type { RunningServer } from '../../test/support/servers/index.js';
import type { PoolAppReport } from '../app/pool-server.js';
import { CENTRAL_CONNECTIONS, type PoolVariant } from '../app/pool-settings.js';
import { atLeast, atMost, type Bound } from '../harness/bounds.js';
import { table } from '../harness/table.js';
import type { Answer } from '../load/stream.js';
import { countsLine, failuresOf, latencyOf, milliseconds, outcomesOf } from './answers.js';
import type { Latency } from './answers.js';
import { PoolApp } from './app-process.js';
import type { Clients } from './clients.js';
import { sampleConnections, type ConnectionCounts } from './connection-sampler.js';
import type { Crowd, PoolOptions } from './options.js';

/** Of the measured server, a little over what the app may open: with the default of 151 nobody would notice. */
export const MAX_CONNECTIONS = 60;
/** Connections that the app may open for tenants. */
export const CAP = 40;
/** Leases that needed no new connection. */
const REUSED = 0.9;

/** What became of a crowd's requests. */
export interface Scale extends Crowd {
  readonly variant: PoolVariant;
  readonly requests: number;
  /** Requests per second that were answered without an error. */
  readonly rate: number;
  readonly errors: number;
  /** By what the clients were answered. */
  readonly outcomes: string;
  /** By what the app logged. */
  readonly logged: string;
  readonly latency: Latency | undefined;
  readonly connections: ConnectionCounts;

  /** Of the variant `tenancy`. */
  readonly pool?: NonNullable<PoolAppReport['pools']>['servers'][number];
}

/** The app is started for each crowd and is cold when all clients come at once. */
export async function measureScale(
  variant: PoolVariant,
  crowd: Crowd,
  server: RunningServer,
  clients: Clients,
  options: PoolOptions,
): Promise<Scale> {
  const app = await PoolApp.start({
    variant,
    kind: server.kind,
    centralUrl: server.url,
    servers: { main: { url: server.url, maxConnections: CAP } },
  });
  try {
    const serving = clients.run(options.seconds, {
      name: 'crowd',
      port: app.port,
      line: 'GET /projects/:id',
      ...crowd,
      pace: { clients: options.clients },
    });
    const connections = await sampleConnections(server, serving);
    const { crowd: answers } = await serving;
    const { pools, errors: logged } = await app.report();
    const errors = failuresOf(answers).length;
    return {
      ...crowd,
      variant,
      requests: answers.length,
      rate: (answers.length - errors) / secondsOf(answers),
      errors,
      outcomes: outcomesOf(answers),
      logged: countsLine(logged),
      latency: latencyOf(answers),
      connections,
      ...(pools !== undefined && { pool: pools.servers[0] }),
    };
  } finally {
    await app.stop();
  }
}

function secondsOf(answers: readonly Answer[]): number {
  const starts = answers.map(({ at }) => at);
  const ends = answers.map(({ at, took }) => at + took);
  return (ends.reduce((a, b) => Math.max(a, b)) - starts.reduce((a, b) => Math.min(a, b))) / 1000;
}

export function scaleTable(scales: readonly Scale[]): string {
  const share = (part: number, { reused, turned, opened }: NonNullable<Scale['pool']>) =>
    `${((part / (reused + turned + opened)) * 100).toFixed(1)} %`;
  return table<Scale>(
    [
      {
        heading: 'variant, tenants',
        cell: ({ variant, tenants, distribution }) => `${variant}, ${tenants} ${distribution}`,
      },
      { heading: 'requests', cell: ({ requests }) => String(requests) },
      { heading: 'errors', cell: ({ errors }) => String(errors) },
      { heading: 'served/s', cell: ({ rate }) => rate.toFixed(0) },
      { heading: 'p50 ms', cell: ({ latency }) => milliseconds(latency?.p50) },
      { heading: 'p99 ms', cell: ({ latency }) => milliseconds(latency?.p99) },
      { heading: 'Threads_connected', cell: ({ connections: { most } }) => String(most) },
      { heading: "server's peak", cell: ({ connections: { peak } }) => String(peak) },
      { heading: 'reused', cell: ({ pool }) => (pool ? share(pool.reused, pool) : '-') },
      { heading: 'turned', cell: ({ pool }) => (pool ? share(pool.turned, pool) : '-') },
      { heading: 'opened', cell: ({ pool }) => (pool ? String(pool.opened) : '-') },
      { heading: 'wait p99 ms', cell: ({ pool }) => milliseconds(pool?.wait.p99) },
    ],
    scales,
  );
}

/** What the errors were, of the rows that have some. */
export function errorLines(scales: readonly Scale[]): string {
  return scales
    .filter(({ errors }) => errors > 0)
    .map(
      ({ variant, tenants, distribution, outcomes, logged }) =>
        `${variant}, ${tenants} ${distribution}: answered ${outcomes}; logged ${logged}`,
    )
    .join('\n');
}

export function scaleDemands(scales: readonly Scale[]): Bound[] {
  return scales.flatMap(({ pool, tenants, distribution, errors, connections }) => {
    if (pool === undefined) return [];
    const crowd = `${tenants} tenants (${distribution})`;
    return [
      atMost(`${crowd}: errors`, errors, 0, 'of any kind'),
      atMost(crowd, connections.most, CAP + CENTRAL_CONNECTIONS, 'connections at once'),
      atLeast(crowd, pool.reuseRate, REUSED, 'of the leases needed no new connection'),
    ];
  });
}
