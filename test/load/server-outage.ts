import { setTimeout as delay } from 'node:timers/promises';
import { atLeast, atMost, type Bound } from '../../bench/harness/bounds.js';
import { median } from '../../bench/harness/statistics.js';
import { table } from '../../bench/harness/table.js';
import { epochNow, OK, type Answer } from '../../bench/load/stream.js';
import {
  cpuWaitLine,
  failuresOf,
  latencyOf,
  milliseconds,
  outcomesOf,
  summariesOf,
} from '../../bench/pool/answers.js';
import type { Finding, Keep } from '../../bench/pool/finding.js';
import type { RunningServer } from '../support/servers/index.js';
import type { LoadTestOptions } from './options.js';
import { startTwoServers, type TwoServers } from './two-servers.js';

/** Requests per second: far from what the machine can do, so that a rise of latencies is not its own. */
const RATE = { east: 200, west: 50 };
const WARM_UP = 3;
/** Times what the p99 of the other server's tenants was before. */
const RISE = 1.5;
/** Milliseconds in which a refusal is there, once the circuit is open. */
const REFUSAL = 5;
/** Milliseconds from the server's return until its tenants are served. */
const RECOVERY = 2_000;
/** What a request is refused with while the circuit is open. */
const UNAVAILABLE = 'SERVER_UNAVAILABLE';

/** How a server goes away and comes back. */
interface Outage {
  readonly begin: (server: RunningServer) => Promise<void> | void;
  readonly end: (server: RunningServer) => Promise<void> | void;
  /** Seconds that it lasts at least: what finds out must have the time. */
  readonly seconds: number;
}

/** When what happened, in milliseconds since the epoch. */
interface Times {
  readonly gone: number;
  readonly returning: number;
  readonly back: number;
}

interface Round {
  readonly times: Times;
  readonly east: ReturnType<typeof eastOf>;
  readonly west: ReturnType<typeof westOf>;
}

/** SIGKILL under load, and a restart on the same data and port. */
export function deadServer(options: LoadTestOptions, keep: Keep): Promise<Finding> {
  return outage(options, keep, {
    begin: (server) => server.kill(),
    end: (server) => server.restart(),
    seconds: 1,
  });
}

/** SIGSTOP under load: the system takes connections for the server, which never says a word. Then SIGCONT. */
export function frozenServer(options: LoadTestOptions, keep: Keep): Promise<Finding> {
  return outage(options, keep, {
    begin: ({ pid }) => void process.kill(pid, 'SIGSTOP'),
    end: ({ pid }) => void process.kill(pid, 'SIGCONT'),
    seconds: 20,
  });
}

/**
 * Two servers under load, of which one goes away and comes back, again and again. The other's tenants see no error, and
 * no rise of their p99 beyond 1.5 times what it was just before; its own tenants have a 503 in under 5 ms once the
 * circuit is open, and are served at most 2 s after its return.
 */
async function outage(
  { server, seconds, rounds: count }: LoadTestOptions,
  keep: Keep,
  kind: Outage,
): Promise<Finding> {
  const servers = await startTwoServers(server, keep);
  const { app, clients, requestsTo } = servers;
  await clients.run(WARM_UP, requestsTo('east', RATE.east), requestsTo('west', RATE.west));
  const rounds: Round[] = [];
  for (let round = 0; round < count; round++) {
    rounds.push(await goAwayAndComeBack(servers, kind, seconds));
  }
  const report = await app.report();
  console.log(roundsTable(rounds));
  console.log(`\n${outcomesTable(rounds)}`);
  console.log(cpuWaitLine(report, clients));
  return {
    figures: { rounds: rounds.map(summaryOfRound), pools: report.pools },
    bounds: demands(rounds),
  };
}

async function goAwayAndComeBack(
  { west, clients, requestsTo }: TwoServers,
  { begin, end, seconds: least }: Outage,
  seconds: number,
): Promise<Round> {
  await clients.start(requestsTo('east', RATE.east), requestsTo('west', RATE.west));
  await delay(seconds * 1000);
  const gone = epochNow();
  await begin(west);
  await delay(Math.max(seconds, least) * 1000);
  const returning = epochNow();
  await end(west);
  const back = epochNow();
  await delay(2 * RECOVERY);
  const answers = await clients.finish();
  const times = { gone, returning, back };
  return { times, east: eastOf(answers.east, times), west: westOf(answers.west, times) };
}

/** What the tenants of the server that is left alone are answered, by when they asked. */
function eastOf(answers: readonly Answer[], { gone, back }: Times) {
  return {
    before: answers.filter(({ at }) => at < gone),
    gone: answers.filter(({ at }) => at >= gone && at < back),
    after: answers.filter(({ at }) => at >= back),
  };
}

/** What the tenants of the server that goes away are answered from then on. */
function westOf(answers: readonly Answer[], { gone, returning, back }: Times) {
  const ended = ({ at, took }: Answer) => at + took;
  const affected = answers.filter((answer) => ended(answer) >= gone);
  const refusals = affected.filter(({ outcome }) => outcome === UNAVAILABLE);
  const opened = Math.min(...refusals.map(ended));
  const failedLate = failuresOf(affected).filter((answer) => ended(answer) > back);
  return {
    untilOpen: affected.filter(({ at }) => at <= opened),
    open: affected.filter(({ at }) => at > opened && at < returning),
    after: affected.filter(({ at }) => at >= back),
    /** Milliseconds after the server went; `Infinity`: never. */
    openedAfter: opened - gone,
    /** Milliseconds after the server's return at which the last request failed. */
    recoveredAfter: Math.max(0, ...failedLate.map((answer) => ended(answer) - back)),
  };
}

function summaryOfRound({ times, east, west }: Round) {
  const { openedAfter, recoveredAfter, ...phases } = west;
  return { times, east: summariesOf(east), west: summariesOf(phases), openedAfter, recoveredAfter };
}

function demands(rounds: readonly Round[]): Bound[] {
  const errors = rounds.flatMap(({ east }) => failuresOf([...east.gone, ...east.after]));
  const open = rounds.flatMap(({ west }) => west.open);
  const otherwise = open.filter(({ outcome }) => outcome !== UNAVAILABLE);
  const served = rounds.filter(({ west }) => west.after.some(({ outcome }) => outcome === OK));
  const recovered = Math.max(...rounds.map(({ west }) => west.recoveredAfter));
  return [
    atMost('tenants of the other server saw', errors.length, 0, 'errors'),
    atMost(
      'their p99 was, at the median of rounds,',
      median(rounds.map(rise)),
      RISE,
      'times that before',
    ),
    atLeast('refusals while the circuit was open', open.length, 1, 'seen'),
    atMost('other answers while it was open', otherwise.length, 0, 'seen'),
    atMost(
      'the p99 of refusals was, at the median,',
      median(rounds.map(refusalP99)),
      REFUSAL,
      'ms',
    ),
    atLeast('tenants were served after the return in', served.length, rounds.length, 'rounds'),
    atMost('the last request failed', recovered, RECOVERY, 'ms after the return'),
  ];
}

function p99Of(answers: readonly Answer[]): number {
  return latencyOf(answers)?.p99 ?? Infinity;
}

function rise({ east }: Round): number {
  return p99Of(east.gone) / p99Of(east.before);
}

function refusalP99({ west }: Round): number {
  return p99Of(west.open);
}

function roundsTable(rounds: readonly Round[]): string {
  return table<Round>(
    [
      { heading: 'ms', cell: (round) => `round ${rounds.indexOf(round) + 1}` },
      { heading: 'others: p99 before', cell: ({ east }) => milliseconds(p99Of(east.before)) },
      { heading: 'while gone', cell: ({ east }) => milliseconds(p99Of(east.gone)) },
      { heading: 'times', cell: (round) => rise(round).toFixed(2) },
      { heading: 'circuit open after', cell: ({ west }) => milliseconds(west.openedAfter, 0) },
      { heading: 'refusals: p50', cell: ({ west }) => milliseconds(latencyOf(west.open)?.p50, 2) },
      { heading: 'p99', cell: (round) => milliseconds(refusalP99(round), 2) },
      { heading: 'max', cell: ({ west }) => milliseconds(latencyOf(west.open)?.max, 2) },
      { heading: 'last failure after return', cell: ({ west }) => west.recoveredAfter.toFixed(0) },
    ],
    rounds,
  );
}

/** All rounds together. */
function outcomesTable(rounds: readonly Round[]): string {
  const all = (answers: (round: Round) => readonly Answer[]) => rounds.flatMap(answers);
  const rows: readonly (readonly [string, readonly Answer[]])[] = [
    ['the others, before it is gone', all(({ east }) => east.before)],
    ['the others, while it is gone', all(({ east }) => east.gone)],
    ['the others, after its return', all(({ east }) => east.after)],
    ['its own, until the circuit opened', all(({ west }) => west.untilOpen)],
    ['its own, while it was open', all(({ west }) => west.open)],
    ['its own, after its return', all(({ west }) => west.after)],
  ];
  return table(
    [
      { heading: 'tenants', cell: ([whose]) => whose },
      { heading: 'answered', cell: ([, answers]) => outcomesOf(answers) },
      { heading: 'longest ms', cell: ([, answers]) => milliseconds(latencyOf(answers)?.max) },
    ],
    rows,
  );
}
