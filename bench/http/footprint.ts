import type { Variant } from '../app/settings.js';
import { AppProcess } from '../harness/app-process.js';
import type { LoadGenerator } from '../harness/load-generator.js';
import { table } from '../harness/table.js';
import type { HttpOptions } from './options.js';

/** What an app server holds once it has served every tenant. */
export interface Footprint {
  readonly variant: Variant;
  /** Connections that it has open to the database server. */
  readonly connections: number;
  /** Resident memory in MB. */
  readonly rss: number;
}

/** Runs an app until its code is compiled and its pools are open, and says what it then holds. */
export async function warmUp(
  variant: Variant,
  app: AppProcess,
  generator: LoadGenerator,
  { tenants, concurrency }: HttpOptions,
  countConnections: () => Promise<number>,
): Promise<Footprint> {
  for (const handler of ['ping', 'transaction', 'select'] as const) {
    await generator.run({
      port: app.port,
      keys: app.keys,
      handler,
      tenants,
      distribution: 'even',
      connections: concurrency,
      seconds: 1.5,
    });
  }
  return { variant, connections: await countConnections(), rss: (await app.report()).rss };
}

export function footprintTable(footprints: readonly Footprint[]): string {
  return table(
    [
      { heading: 'after serving every tenant', cell: ({ variant }) => variant },
      { heading: 'connections', cell: ({ connections }) => String(connections) },
      { heading: 'RSS MB', cell: ({ rss }) => rss.toFixed(0) },
    ],
    footprints,
  );
}
