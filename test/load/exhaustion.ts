import { setTimeout as delay } from 'node:timers/promises';
import { atLeast, atMost, type Bound } from '../../bench/harness/bounds.js';
import { table } from '../../bench/harness/table.js';
import type { Answer, Stream } from '../../bench/load/stream.js';
import {
  cpuWaitLine,
  failuresOf,
  latencyOf,
  milliseconds,
  outcomesOf,
  summariesOf,
} from '../../bench/pool/answers.js';
import { PoolApp } from '../../bench/pool/app-process.js';
import { Clients } from '../../bench/pool/clients.js';
import type { Finding, Keep } from '../../bench/pool/finding.js';
import { layOut } from '../../bench/pool/lay-out.js';
import { startServer } from '../support/servers/index.js';
import type { LoadTestOptions } from './options.js';

const CAP = 40;
const TENANTS = 20;
/** Milliseconds. */
const ACQUIRE_TIMEOUT = 1_000;
/** Milliseconds over the timeout within which a caller that waited must have its answer. */
const GRACE = 50;
/** Milliseconds that every connection is held: until the last of the waiting has long been refused. */
const HOLD = 4_000;
const WAITING = 200;
const LEAVING = 100;
/** Milliseconds after which a client goes away. */
const PATIENCE = 300;

type PoolFigures = Awaited<ReturnType<typeof poolOf>>;

/**
 * Every connection is held. 200 more requests, within a second: each has its 503 at most 50 ms after the timeout. Then
 * 100 whose clients go away: their places are free at once. Afterwards the pool is whole and serves.
 */
export async function exhaustion(options: LoadTestOptions, keep: Keep): Promise<Finding> {
  const server = keep(await startServer(options.server));
  await layOut(server, TENANTS);
  const app = keep(
    await PoolApp.start({
      variant: 'tenancy',
      kind: server.kind,
      centralUrl: server.url,
      servers: {
        main: { url: server.url, maxConnections: CAP, acquireTimeout: ACQUIRE_TIMEOUT },
      },
    }),
  );
  const clients = keep(new Clients());
  const stream = (name: string, rest: Partial<Stream> & Pick<Stream, 'pace'>): Stream => ({
    name,
    port: app.port,
    line: 'GET /projects/:id',
    tenants: TENANTS,
    ...rest,
  });
  const holding = stream('holding', {
    line: `GET /projects/:id/slowly/${HOLD}`,
    pace: { clients: CAP },
    total: CAP,
  });
  await clients.run(2, stream('warm-up', { pace: { clients: CAP } }));

  await holdEveryConnection(app, clients, holding);
  await clients.start(stream('waiting', { pace: { perSecond: WAITING }, total: WAITING }));
  const refused = await clients.finish('all');

  await holdEveryConnection(app, clients, holding);
  const before = await poolOf(app);
  await clients.start(
    stream('leaving', { pace: { perSecond: 1_000 }, total: LEAVING, patience: PATIENCE }),
  );
  await delay((LEAVING / 1_000) * 1_000 + PATIENCE / 2);
  const waiting = await poolOf(app);
  await delay(PATIENCE);
  const left = await poolOf(app);
  const deserted = await clients.finish('all');
  const whole = await poolOf(app);
  const { afterwards } = await clients.run(1, stream('afterwards', { pace: { clients: CAP } }));

  console.log(cpuWaitLine(await app.report(), clients));
  const held = [...refused.holding, ...deserted.holding];
  console.log(
    answersTable({ held, waiting: refused.waiting, leaving: deserted.leaving, afterwards }),
  );
  console.log(`\n${poolTable({ before, waiting, left, whole })}`);
  return {
    figures: {
      ...summariesOf({ held, waiting: refused.waiting, leaving: deserted.leaving, afterwards }),
      pool: { before, waiting, left, whole },
    },
    bounds: [
      ...refusalDemands(refused.waiting),
      atLeast('clients that waited and went away', waiting.waiting, LEAVING, 'seen waiting'),
      atMost('after they went away', left.waiting, 0, 'waiting'),
      atLeast('of their requests', left.aborted - before.aborted, LEAVING, 'aborted'),
      atMost('requests that held a connection', failuresOf(held).length, 0, 'failed'),
      atMost('afterwards', whole.leased + whole.waiting, 0, 'leased or waiting'),
      atMost('afterwards', whole.open + whole.opening, CAP, 'connections'),
      atMost(
        `of ${afterwards.length} requests afterwards`,
        failuresOf(afterwards).length,
        0,
        'failed',
      ),
    ],
  };
}

function refusalDemands(waiting: readonly Answer[]): Bound[] {
  const otherwise = waiting.filter(({ outcome }) => outcome !== 'POOL_TIMEOUT').length;
  const slowest = latencyOf(waiting)?.max ?? Infinity;
  return [
    atMost(`of ${WAITING} that waited`, WAITING - waiting.length + otherwise, 0, 'not refused'),
    atMost('the slowest refusal took', slowest, ACQUIRE_TIMEOUT + GRACE, 'ms'),
  ];
}

async function holdEveryConnection(app: PoolApp, clients: Clients, holding: Stream): Promise<void> {
  await clients.start(holding);
  while ((await poolOf(app)).leased < CAP) await delay(10);
}

async function poolOf(app: PoolApp) {
  const { pools } = await app.report();
  if (pools === undefined) throw new Error('the app has no pool');
  const { open, opening, idle, leased, waiting, timeouts, refused, aborted } = pools.servers[0];
  return { open, opening, idle, leased, waiting, timeouts, refused, aborted };
}

function answersTable(answers: Readonly<Record<string, readonly Answer[]>>): string {
  return table(
    [
      { heading: 'requests', cell: ([name]) => name },
      { heading: 'answered', cell: ([, all]) => outcomesOf(all) },
      { heading: 'p50 ms', cell: ([, all]) => milliseconds(latencyOf(all)?.p50) },
      { heading: 'p99 ms', cell: ([, all]) => milliseconds(latencyOf(all)?.p99) },
      { heading: 'max ms', cell: ([, all]) => milliseconds(latencyOf(all)?.max) },
    ],
    Object.entries(answers),
  );
}

function poolTable(moments: Readonly<Record<string, PoolFigures>>): string {
  const [first] = Object.values(moments);
  const columns = Object.keys(first) as (keyof PoolFigures)[];
  return table(
    [
      { heading: 'the pool', cell: ([moment]: [string, PoolFigures]) => moment },
      ...columns.map((column) => ({
        heading: column,
        cell: ([, figures]: [string, PoolFigures]) => String(figures[column]),
      })),
    ],
    Object.entries(moments),
  );
}
