import { parseArgs } from 'node:util';
import {
  COMMON_OPTIONS,
  oneOf,
  SERVER_KINDS,
  UsageError,
  wholeNumber,
} from '../../bench/harness/command.js';

export const SCENARIOS = [
  'exhaustion',
  'dead-server',
  'frozen-server',
  'cut-connections',
  'churn',
] as const;

/** The command line of `test:load`: the scenarios to run, default all, and these. */
export function readLoadTestOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      ...COMMON_OPTIONS,
      /** How long each phase lasts in which latencies are measured. */
      seconds: { type: 'string', default: '10' },
      /** How often a server goes away and comes back. */
      rounds: { type: 'string', default: '3' },
      /** How long tenants come and go. */
      minutes: { type: 'string', default: '1' },
    },
  });
  if (globalThis.gc === undefined) {
    throw new UsageError('heap is measured after a garbage collection: run node with --expose-gc');
  }
  const scenarios = positionals.map((scenario) => oneOf('scenario', scenario, SCENARIOS));
  return {
    json: values.json,
    check: values.check,
    scenarios: scenarios.length === 0 ? SCENARIOS : scenarios,
    server: oneOf('server', values.server, SERVER_KINDS),
    seconds: wholeNumber('seconds', values.seconds),
    rounds: wholeNumber('rounds', values.rounds),
    minutes: wholeNumber('minutes', values.minutes),
  };
}

export type LoadTestOptions = ReturnType<typeof readLoadTestOptions>;
