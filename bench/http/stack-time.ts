import type { AppSettings, Variant } from '../app/settings.js';
import { AppProcess } from '../harness/app-process.js';
import type { LoadGenerator } from '../harness/load-generator.js';
import { inOrder, quantile } from '../harness/statistics.js';
import { table } from '../harness/table.js';
import type { HttpOptions } from './options.js';

/** How long a process is busy with one request to `ping`, in milliseconds. */
interface Span {
  readonly p50: number;
  readonly p95: number;
}

/** What this package's stack takes of a request, in milliseconds. */
export interface StackTime {
  readonly single: Span;
  readonly tenancy: Span;
  /** `tenancy` p50 less `single` p50. */
  readonly p50: number;
  /** `tenancy` p95 less `single` p50: an upper bound, for it holds the slow tail of NestJS and node as well. */
  readonly p95: number;
}

/**
 * Measures what identify, registry, guard and interceptor together take: the time that one app server spends on a
 * request to `ping`, from node's `request` event, which comes before the first middleware, to the end of the response,
 * with this package and without. The handler returns a constant, so what differs is the stack.
 *
 * One request is under way at a time: under load a span would hold other requests' work too. A difference of quantiles
 * is not the quantile of the difference, so the p95 is set against the *median* of `single`. That errs against us.
 */
export async function measureStackTime(
  settings: Omit<AppSettings, 'variant'>,
  generator: LoadGenerator,
  options: HttpOptions,
): Promise<StackTime> {
  const variants = ['single', 'tenancy'] as const;
  const spans = { single: [] as number[], tenancy: [] as number[] };
  const apps = await Promise.all(
    variants.map((variant) =>
      AppProcess.start({ ...settings, variant, spans: true }, options.node),
    ),
  );
  try {
    for (let round = 0; round <= options.rounds; round++) {
      for (const [index, app] of apps.entries()) {
        await generator.run({ ...options, port: app.port, handler: 'ping', connections: 1 });
        const taken = (await app.report()).spans;
        const warmUp = round === 0;
        if (!warmUp) spans[variants[index]].push(...taken);
      }
    }
  } finally {
    await Promise.all(apps.map((app) => app.stop()));
  }
  const single = spanOf(spans.single);
  const tenancy = spanOf(spans.tenancy);
  return { single, tenancy, p50: tenancy.p50 - single.p50, p95: tenancy.p95 - single.p50 };
}

export function stackTimeTable({ single, tenancy, p50, p95 }: StackTime): string {
  const rows = [
    { what: 'single' satisfies Variant, p50: single.p50, p95: single.p95 },
    { what: 'tenancy' satisfies Variant, p50: tenancy.p50, p95: tenancy.p95 },
    { what: 'the stack itself', p50, p95 },
  ];
  return table(
    [
      { heading: 'in the process, one ping at a time', cell: ({ what }) => what },
      { heading: 'p50 ms', cell: (row) => row.p50.toFixed(4) },
      { heading: 'p95 ms', cell: (row) => row.p95.toFixed(4) },
    ],
    rows,
  );
}

function spanOf(spans: readonly number[]): Span {
  const ordered = inOrder(spans);
  return { p50: quantile(ordered, 0.5), p95: quantile(ordered, 0.95) };
}
