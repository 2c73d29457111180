import { parseArgs } from 'node:util';
import { COMMON_OPTIONS, oneOf, SERVER_KINDS, wholeNumber } from '../harness/command.js';
import { DISTRIBUTIONS, type Distribution } from '../load/load.js';

export const PARTS = ['scale', 'fairness', 'lease'] as const;

/** How many tenants the requests go to, and how they are distributed over them. */
export interface Crowd {
  readonly tenants: number;
  readonly distribution: Distribution;
}

const CROWDS: readonly Crowd[] = [
  { tenants: 50, distribution: 'even' },
  { tenants: 1_000, distribution: 'even' },
  { tenants: 1_000, distribution: 'zipf' },
];
/** Their databases take some minutes to make. */
const GREAT_CROWDS: readonly Crowd[] = [
  { tenants: 10_000, distribution: 'even' },
  { tenants: 10_000, distribution: 'zipf' },
];

/** The command line of `bench:pool`: the parts to run, default all, and these. */
export function readPoolOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      ...COMMON_OPTIONS,
      /** Scale: one crowd of so many tenants, in place of 50 and 1,000. */
      tenants: { type: 'string' },
      /** With `--tenants`: `even` or `zipf`. */
      distribution: { type: 'string', default: 'even' },
      /** Scale: 10,000 tenants, too. */
      all: { type: 'boolean', default: false },
      /** Scale: clients that ask at once. */
      clients: { type: 'string', default: '1000' },
      /** Scale: how long each crowd is served. */
      seconds: { type: 'string', default: '10' },
      /** Fairness: how long each case is measured; the p99 of 10 requests a second needs many. */
      'fairness-seconds': { type: 'string', default: '30' },
    },
  });
  const crowd = values.tenants !== undefined && {
    tenants: wholeNumber('tenants', values.tenants),
    distribution: oneOf('distribution', values.distribution, DISTRIBUTIONS),
  };
  return {
    json: values.json,
    check: values.check,
    parts: positionals.length === 0 ? PARTS : positionals.map((part) => oneOf('part', part, PARTS)),
    server: oneOf('server', values.server, SERVER_KINDS),
    crowds: crowd ? [crowd] : [...CROWDS, ...(values.all ? GREAT_CROWDS : [])],
    clients: wholeNumber('clients', values.clients),
    seconds: wholeNumber('seconds', values.seconds),
    fairnessSeconds: wholeNumber('fairness-seconds', values['fairness-seconds']),
  };
}

export type PoolOptions = ReturnType<typeof readPoolOptions>;
