import type { Variant } from '../app/settings.js';
import type { AppProcess } from '../harness/app-process.js';
import type { LoadGenerator } from '../harness/load-generator.js';
import { median, spreadOf, type Spread } from '../harness/statistics.js';
import { table } from '../harness/table.js';
import type { Handler, LoadResult } from '../load/load.js';
import type { HttpOptions } from './options.js';

/** One turn of one variant. */
interface Turn {
  readonly load: LoadResult;
  /** Requests per second. */
  readonly rate: number;
  /** CPU time of the app server in µs per request: what a busy machine disturbs least. */
  readonly cpu: number;
}

/** What a variant did with one handler: medians over the rounds. */
export interface Throughput {
  readonly handler: Handler;
  readonly variant: Variant;
  readonly rate: number;
  /** Its rate over that of `single` in the same round. */
  readonly ratio: Spread;
  /** Milliseconds. */
  readonly latency: LoadResult['latency'];
  readonly cpu: number;
  /** The greatest share of a core that the load generator took in a turn. */
  readonly generatorBusy: number;
}

export type Apps = ReadonlyMap<Variant, AppProcess>;

/** Gives every app its turn, again and again: A B C, B C A, … so that none has the better moment or place. */
export async function measureThroughput(
  handler: Handler,
  apps: Apps,
  generator: LoadGenerator,
  options: HttpOptions,
): Promise<Throughput[]> {
  const variants = [...apps.keys()];
  const turns = new Map<Variant, Turn[]>(variants.map((variant) => [variant, []]));
  for (let round = 0; round < options.rounds; round++) {
    const first = round % variants.length;
    for (const variant of [...variants.slice(first), ...variants.slice(0, first)]) {
      turns.get(variant)!.push(await takeTurn(apps.get(variant)!, handler, generator, options));
    }
  }
  const single = turns.get('single')!;
  return variants.map((variant) => summarize(handler, variant, turns.get(variant)!, single));
}

export function throughputTable(figures: readonly Throughput[]): string {
  return table<Throughput>(
    [
      { heading: figures[0].handler, cell: ({ variant }) => variant },
      { heading: 'req/s', cell: ({ rate }) => rate.toFixed(0) },
      { heading: '× single', cell: ({ ratio }) => ratio.median.toFixed(2) },
      { heading: '(min..max)', cell: ({ ratio: r }) => `${r.min.toFixed(2)}..${r.max.toFixed(2)}` },
      { heading: 'p50 ms', cell: ({ latency }) => latency.p50.toFixed(2) },
      { heading: 'p95 ms', cell: ({ latency }) => latency.p95.toFixed(2) },
      { heading: 'p99 ms', cell: ({ latency }) => latency.p99.toFixed(2) },
      { heading: 'CPU µs/req', cell: ({ cpu }) => cpu.toFixed(0) },
    ],
    figures,
  );
}

async function takeTurn(
  app: AppProcess,
  handler: Handler,
  generator: LoadGenerator,
  { tenants, distribution, concurrency, seconds }: HttpOptions,
): Promise<Turn> {
  const before = await app.report();
  const load = await generator.run({
    port: app.port,
    keys: app.keys,
    handler,
    tenants,
    distribution,
    connections: concurrency,
    seconds,
  });
  const after = await app.report();
  return {
    load,
    rate: load.requests / load.seconds,
    cpu: ((after.cpu - before.cpu) * 1000) / load.requests,
  };
}

function summarize(
  handler: Handler,
  variant: Variant,
  turns: readonly Turn[],
  single: readonly Turn[],
): Throughput {
  return {
    handler,
    variant,
    rate: median(turns.map(({ rate }) => rate)),
    ratio: spreadOf(turns.map(({ rate }, round) => rate / single[round].rate)),
    latency: {
      p50: median(turns.map(({ load }) => load.latency.p50)),
      p95: median(turns.map(({ load }) => load.latency.p95)),
      p99: median(turns.map(({ load }) => load.latency.p99)),
    },
    cpu: median(turns.map(({ cpu }) => cpu)),
    generatorBusy: Math.max(...turns.map(({ load }) => load.busy)),
  };
}
