/**
 * `npm run test:load`: the pool of connections under fire. The app server, the clients and this command are processes of
 * their own; the database servers are started by this command, which kills, freezes and restarts them. Latencies are
 * the clients'.
 *
 * - `exhaustion`: every connection is held for seconds; callers wait, and clients go away while they wait.
 * - `dead-server`: one of two servers is killed under load and comes back.
 * - `frozen-server`: the same with a server that takes connections and never answers (SIGSTOP, SIGCONT).
 * - `cut-connections`: the server closes connections, under load (`KILL`) and while they are idle (`wait_timeout`).
 * - `churn`: tenants are created, used, suspended, blocked and deleted all the time; what the process holds levels off.
 *
 * Each file says what it demands. `npm run test:load -- exhaustion` runs one. Options: `options.ts`. With `--check` the
 * exit code is 1 when a demand is not met.
 */
import { stoppingAfter } from '../../bench/harness/stopping.js';
import type { Bound } from '../../bench/harness/bounds.js';
import { runCommand, type Outcome } from '../../bench/harness/command.js';
import { describeMachine, machineLine, type Machine } from '../../bench/harness/machine.js';
import { serverVersion } from '../../bench/harness/server-status.js';
import type { Finding, Keep } from '../../bench/pool/finding.js';
import { startServer, type ServerKind } from '../support/servers/index.js';
import { churn } from './churn.js';
import { cutConnections } from './cut-connections.js';
import { exhaustion } from './exhaustion.js';
import { readLoadTestOptions, type LoadTestOptions, type SCENARIOS } from './options.js';
import { deadServer, frozenServer } from './server-outage.js';

type Scenario = (options: LoadTestOptions, keep: Keep) => Promise<Finding>;

const RUN: Readonly<Record<(typeof SCENARIOS)[number], Scenario>> = {
  exhaustion,
  'dead-server': deadServer,
  'frozen-server': frozenServer,
  'cut-connections': cutConnections,
  churn,
};

async function testLoad(options: LoadTestOptions): Promise<Outcome> {
  const machine = await machineWith(options.server);
  console.log(machineLine(machine));
  const figures: Record<string, object> = {};
  const bounds: Bound[] = [];
  for (const scenario of options.scenarios) {
    console.log(`\n=== ${scenario} ===`);
    const finding = await stoppingAfter((keep) => RUN[scenario](options, keep));
    console.log(demandsLine(finding.bounds));
    figures[scenario] = finding.figures;
    bounds.push(...finding.bounds);
  }
  return { machine, options, figures, bounds };
}

function demandsLine(bounds: readonly Bound[]): string {
  const failed = bounds.filter(({ holds }) => !holds);
  const met = `${bounds.length - failed.length} of ${bounds.length} demands are met`;
  return failed.length === 0
    ? `${met}.`
    : `${met}. Not: ${failed.map(({ text }) => text).join('; ')}.`;
}

function machineWith(kind: ServerKind): Promise<Machine> {
  return stoppingAfter(async (keep) =>
    describeMachine(await serverVersion(keep(await startServer(kind)))),
  );
}

void runCommand(readLoadTestOptions, testLoad);
