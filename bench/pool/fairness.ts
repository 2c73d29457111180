import { setTimeout as delay } from 'node:timers/promises';
import type { RunningServer } from '../../test/support/servers/index.js';
import type { PoolVariant } from '../app/pool-settings.js';
import { atMost, type Bound } from '../harness/bounds.js';
import { table } from '../harness/table.js';
import type { Stream } from '../load/stream.js';
import { cpuWaitLine, failuresOf, latencyOf, milliseconds, type Latency } from './answers.js';
import { PoolApp } from './app-process.js';
import type { Answers, Clients } from './clients.js';
import { CAP } from './scale.js';

/** Requests that the flooding tenant has under way at once. */
const FLOOD = 500;
const SLOW = 'GET /projects/:id/slowly/20';
const HANDLERS = ['20 ms query', 'select'] as const;
/** Times what the other tenant's p99 is alone. */
const TIMES = 3;
const WARM_UP = 2;

/** What a tenant that asks 10 times a second is answered, alone and while another floods. */
export interface Fairness {
  readonly variant: PoolVariant;
  readonly handler: (typeof HANDLERS)[number];
  readonly alone: Latency;
  readonly flooded: Latency;
  readonly failures: number;
  /** The p99 while the other floods over the p99 alone. */
  readonly times: number;
  /** Requests of the flooding tenant that were answered per second. */
  readonly flood: number;
}

/**
 * Tenant 0 floods, tenant 1 asks 10 times a second, by each of two handlers. The two tenants' clients are processes of
 * their own, so that the one's latencies do not hold the other's turns on an event loop.
 */
export async function measureFairness(
  variant: PoolVariant,
  server: RunningServer,
  flooding: Clients,
  asking: Clients,
  seconds: number,
): Promise<readonly Fairness[]> {
  const app = await PoolApp.start({
    variant,
    kind: server.kind,
    centralUrl: server.url,
    servers: { main: { url: server.url, maxConnections: CAP } },
  });
  const { port } = app;
  const streams = [stream('20 ms query', SLOW), stream('select', 'GET /projects/:id')];
  try {
    await flooding.run(WARM_UP, flood());
    await asking.run(WARM_UP, ...streams);
    const alone = await asking.run(seconds, ...streams);
    await flooding.start(flood());
    await delay(WARM_UP * 1000);
    const flooded = await asking.run(seconds, ...streams);
    console.log(`${variant}: ${cpuWaitLine(await app.report(), asking)}`);
    const served = (await flooding.finish()).flood.length / (seconds + WARM_UP);
    return HANDLERS.map((handler) => compare(variant, handler, alone, flooded, served));
  } finally {
    await app.stop();
  }

  function stream(name: string, line: string): Stream {
    return { name, port, line, tenants: 1, firstTenant: 1, pace: { perSecond: 10 } };
  }

  function flood(): Stream {
    return { name: 'flood', port, line: SLOW, tenants: 1, pace: { clients: FLOOD } };
  }
}

export function fairnessTable(figures: readonly Fairness[]): string {
  return table<Fairness>(
    [
      { heading: 'p99 at 10 requests/s', cell: ({ variant, handler }) => `${variant}, ${handler}` },
      { heading: 'alone ms', cell: ({ alone }) => milliseconds(alone.p99) },
      { heading: 'flooded ms', cell: ({ flooded }) => milliseconds(flooded.p99) },
      { heading: 'times', cell: ({ times }) => times.toFixed(1) },
      { heading: 'p50 alone', cell: ({ alone }) => milliseconds(alone.p50) },
      { heading: 'p50 flooded', cell: ({ flooded }) => milliseconds(flooded.p50) },
      { heading: 'errors', cell: ({ failures }) => String(failures) },
      { heading: 'flood/s', cell: ({ flood }) => flood.toFixed(0) },
    ],
    figures,
  );
}

export function fairnessDemands(figures: readonly Fairness[]): Bound[] {
  const own = figures.filter(({ variant }) => variant === 'tenancy');
  return own.flatMap(({ handler, times, failures }) => [
    ...(handler === 'select'
      ? []
      : [atMost(`beside a flood the p99 (${handler}) is`, times, TIMES, 'times that alone')]),
    atMost(`beside a flood (${handler})`, failures, 0, 'errors'),
  ]);
}

function compare(
  variant: PoolVariant,
  handler: Fairness['handler'],
  aloneAnswers: Answers,
  floodedAnswers: Answers,
  flood: number,
): Fairness {
  const alone = latencyOf(aloneAnswers[handler]);
  const flooded = latencyOf(floodedAnswers[handler]);
  if (alone === undefined || flooded === undefined) throw new Error('no request was answered');
  const failures = failuresOf([...aloneAnswers[handler], ...floodedAnswers[handler]]).length;
  return { variant, handler, alone, flooded, failures, times: flooded.p99 / alone.p99, flood };
}
