import { parseArgs } from 'node:util';
import {
  COMMON_OPTIONS,
  oneOf,
  requireGarbageCollector,
  SERVER_KINDS,
  wholeNumber,
} from '../harness/command.js';

/** The command line of `bench:migrate`. */
export function readMigrateOptions() {
  const { values } = parseArgs({
    options: {
      ...COMMON_OPTIONS,
      /** Tenants that are migrated, and as many databases that are changed by plain SQL. */
      tenants: { type: 'string', default: '200' },
      /** Tenants that are registered for the run that has nothing to do; they have no database. */
      registered: { type: 'string', default: '10000' },
      /** Workers, and connections of plain SQL. */
      workers: { type: 'string', default: '4' },
    },
  });
  requireGarbageCollector();
  return {
    json: values.json,
    check: values.check,
    server: oneOf('server', values.server, SERVER_KINDS),
    tenants: wholeNumber('tenants', values.tenants, 8),
    registered: wholeNumber('registered', values.registered),
    workers: wholeNumber('workers', values.workers),
  };
}

export type MigrateBenchOptions = ReturnType<typeof readMigrateOptions>;
