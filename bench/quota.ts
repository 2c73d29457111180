/**
 * `npm run bench:quota`: what it takes to use a quota, `QuotaService.consume()`, one after the other, where it is counted
 * in memory, in Redis and in the central database. Redis and the database server are started by this command and keep
 * nothing on disk. Beside each the plainest thing that could be done there: `PING`, and `SELECT 1`.
 *
 * `trips` is how often the store is asked for each use of one quota, and of two at once. The usage log and the first use
 * of a period, which makes the counter's row, are not in it.
 *
 * Options: `--uses` of each (default 5000), `--server`, `--json`, `--check`.
 *
 * `--check` demands: at most 5 µs in memory, 0.3 ms in Redis at the median, and one trip for one quota.
 */
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { startRedis } from '../test/support/redis.js';
import { startServer, type ServerKind } from '../test/support/servers/index.js';
import { atMost } from './harness/bounds.js';
import {
  COMMON_OPTIONS,
  oneOf,
  runCommand,
  SERVER_KINDS,
  wholeNumber,
  type Outcome,
} from './harness/command.js';
import { describeMachine, machineLine } from './harness/machine.js';
import { serverVersion } from './harness/server-status.js';
import { stoppingAfter } from './harness/stopping.js';
import { measureQuotas, quotaTable, type QuotaCost } from './quota/quota-cost.js';

interface QuotaBenchOptions {
  readonly server: ServerKind;
  readonly uses: number;
  readonly json?: string;
  readonly check: boolean;
}

function readOptions(): QuotaBenchOptions {
  const { values } = parseArgs({
    options: { ...COMMON_OPTIONS, uses: { type: 'string', default: '5000' } },
  });
  return {
    server: oneOf('server', values.server, SERVER_KINDS),
    uses: wholeNumber('uses', values.uses, 100),
    json: values.json,
    check: values.check,
  };
}

function benchQuota(options: QuotaBenchOptions): Promise<Outcome> {
  return stoppingAfter(async (keep) => {
    const server = keep(await startServer(options.server));
    const redis = keep(await startRedis());
    const machine = describeMachine(await serverVersion(server));
    console.log(machineLine(machine));
    const costs: QuotaCost[] = [];
    for (const store of ['memory', 'redis', 'database'] as const) {
      costs.push(await measureQuotas(store, server, redis.url, options.uses));
    }
    console.log(`\n${quotaTable(costs)}`);
    const [memory, inRedis, database] = costs as [QuotaCost, QuotaCost, QuotaCost];
    return {
      machine,
      options,
      figures: costs,
      bounds: [
        atMost('in memory', memory.median, 5, 'µs'),
        atMost('in Redis', inRedis.median / 1_000, 0.3, 'ms'),
        atMost('Redis is asked', inRedis.trips, 1, 'time(s)'),
        atMost('Redis is asked for two quotas', inRedis.tripsForTwo, 1, 'time(s)'),
        atMost('the database is asked', database.trips, 1, 'time(s)'),
      ],
    };
  });
}

void runCommand(readOptions, benchQuota);
