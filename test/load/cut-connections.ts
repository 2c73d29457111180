import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { setTimeout as delay } from 'node:timers/promises';
import { atLeast, atMost } from '../../bench/harness/bounds.js';
import { table } from '../../bench/harness/table.js';
import { epochNow, type Answer, type Stream } from '../../bench/load/stream.js';
import { countsLine, failuresOf, outcomesOf, summariesOf } from '../../bench/pool/answers.js';
import { PoolApp } from '../../bench/pool/app-process.js';
import { Clients } from '../../bench/pool/clients.js';
import type { Finding, Keep } from '../../bench/pool/finding.js';
import { layOut } from '../../bench/pool/lay-out.js';
import { startServer, type RunningServer } from '../support/servers/index.js';
import type { LoadTestOptions } from './options.js';

const CAP = 20;
const TENANTS = 10;
/** How often all connections are cut. */
const CUTS = 5;
/** Seconds after which the second server closes an idle connection. */
const WAIT_TIMEOUT = 1;
/** How often requests come to that server: each time after all its connections were closed. */
const VISITS = 5;
const VISITORS = 20;

/** One time that all connections were cut. */
interface Cut {
  readonly connections: number;
  /** Those on which a query was running. */
  readonly running: number;
  /** When it began and when it was done, in milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/**
 * All connections of the app are cut, tenants' and central: ten clients have queries of 200 ms running, others come 100
 * times a second, and the rest of the connections are idle. A request may fail that was under way while the connections
 * were being cut: its query was running, or was sent on a connection that the server was about to close, and nobody can
 * know whether it ran. No other request fails. Then a server that closes what is idle for a second, and requests that come every two: none fails.
 */
export async function cutConnections(options: LoadTestOptions, keep: Keep): Promise<Finding> {
  const clients = keep(new Clients());
  const killed = await killUnderLoad(options, clients, keep);
  const idle = await requestsToAnIdleApp(options, clients, keep);
  const { cuts } = killed;
  const failures = failuresOf(killed.answers);
  const underWay = failures.filter((failure) => cuts.some((cut) => wasCut(failure, cut)));
  const connections = cuts.reduce((sum, cut) => sum + cut.connections, 0);
  console.log(killedTable(cuts, failures));
  console.log(
    `Of ${killed.answers.length} requests, ${failures.length - underWay.length} others failed. ` +
      `The app logged: ${countsLine(killed.logged)}`,
  );
  console.log(
    `\nwait_timeout ${WAIT_TIMEOUT}: ${VISITS} times ${VISITORS} requests after a longer pause, ` +
      `answered ${outcomesOf(idle.answers)}; left open over the pauses: ${idle.openAfterPauses.join(', ')}`,
  );
  return {
    figures: {
      cuts,
      logged: killed.logged,
      ...summariesOf({ killed: killed.answers, failed: failures, idle: idle.answers }),
      openAfterPauses: idle.openAfterPauses,
    },
    bounds: [
      atLeast('connections cut', cuts.length, CUTS, 'times'),
      atMost('requests that failed at a cut', underWay.length, connections, 'connections cut'),
      atMost('of other requests', failures.length - underWay.length, 0, 'failed'),
      atMost('after wait_timeout', failuresOf(idle.answers).length, 0, 'failed'),
    ],
  };
}

async function killUnderLoad(
  { server: kind, seconds }: LoadTestOptions,
  clients: Clients,
  keep: Keep,
) {
  const server = keep(await startServer(kind));
  const app = await startApp(server, keep);
  const streams = [
    stream(app, 'select', 'GET /projects/:id', { perSecond: 100 }),
    stream(app, 'slow', 'GET /projects/:id/slowly/200', { clients: 10 }),
  ];
  // Opens all connections: more than the load needs, so that some are cut that are idle.
  await clients.run(2, stream(app, 'warm-up', 'GET /projects/:id', { clients: 2 * CAP }));
  await clients.start(...streams);
  const admin = await createConnection({ uri: server.url, multipleStatements: true });
  const cuts: Cut[] = [];
  for (let cut = 0; cut < CUTS; cut++) {
    await delay((seconds * 1000) / CUTS);
    cuts.push(await cutAll(admin));
  }
  await admin.end();
  await delay((seconds * 1000) / CUTS);
  const answers = Object.values(await clients.finish()).flat();
  const { errors: logged, pools } = await app.report();
  return { cuts, answers, logged, pools };
}

/**
 * Cuts all but the connection that asks, and waits until the server has none of them any more. Looks and kills in one
 * message, which takes a millisecond or two: hardly a query starts in between.
 */
async function cutAll(admin: Connection): Promise<Cut> {
  const ids = (await connectionsTo(admin)).map(({ id }) => id);
  const kills = ids.map((id) => `KILL ${id}`).join('; ');
  const from = epochNow();
  const [[all]] = await admin.query<RowDataPacket[][]>(`${CONNECTIONS}; ${kills}`);
  const running = all.filter(({ command }) => command === 'Query').length;
  while ((await connectionsTo(admin)).some(({ id }) => ids.includes(id))) await delay(1);
  return { connections: ids.length, running, from, to: epochNow() };
}

const CONNECTIONS = `SELECT id AS id, command AS command FROM information_schema.processlist
  WHERE id <> CONNECTION_ID() AND user = 'root'`;

async function connectionsTo(admin: Connection) {
  return (await admin.query<RowDataPacket[]>(CONNECTIONS))[0];
}

async function requestsToAnIdleApp(
  { server: kind }: LoadTestOptions,
  clients: Clients,
  keep: Keep,
) {
  const server = keep(await startServer(kind, { settings: [`--wait-timeout=${WAIT_TIMEOUT}`] }));
  const app = await startApp(server, keep);
  const answers: Answer[] = [];
  const openAfterPauses: number[] = [];
  for (let visit = 0; visit < VISITS; visit++) {
    const visitors = stream(app, 'visit', 'GET /projects/:id', { clients: VISITORS });
    await clients.start({ ...visitors, total: VISITORS });
    answers.push(...(await clients.finish('all')).visit);
    await delay(2 * WAIT_TIMEOUT * 1000);
    openAfterPauses.push((await app.report()).pools?.servers[0].open ?? NaN);
  }
  return { answers, openAfterPauses };
}

async function startApp(server: RunningServer, keep: Keep): Promise<PoolApp> {
  await layOut(server, TENANTS);
  const { kind, url } = server;
  const servers = { main: { url, maxConnections: CAP } };
  return keep(await PoolApp.start({ variant: 'tenancy', kind, centralUrl: url, servers }));
}

function stream({ port }: PoolApp, name: string, line: string, pace: Stream['pace']): Stream {
  return { name, port, line, tenants: TENANTS, pace };
}

/** Whether a request was under way while connections were being cut. */
function wasCut({ at, took }: Answer, { from, to }: Cut): boolean {
  return at <= to && at + took >= from;
}

function killedTable(cuts: readonly Cut[], failures: readonly Answer[]): string {
  return table<Cut>(
    [
      { heading: 'KILL under load', cell: (cut) => `cut ${cuts.indexOf(cut) + 1}` },
      { heading: 'connections', cell: ({ connections }) => String(connections) },
      { heading: 'with a running query', cell: ({ running }) => String(running) },
      { heading: 'cut in ms', cell: ({ from, to }) => (to - from).toFixed(1) },
      {
        heading: 'requests under way that failed',
        cell: (cut) => String(failures.filter((failure) => wasCut(failure, cut)).length),
      },
    ],
    cuts,
  );
}
