import { parseArgs } from 'node:util';
import { COMMON_OPTIONS, oneOf, SERVER_KINDS, wholeNumber } from '../harness/command.js';

/** The command line of `bench:provision`. */
export function readProvisionOptions() {
  const { values } = parseArgs({
    options: {
      ...COMMON_OPTIONS,
      /** Tenants that are created, and as many databases that are made by plain SQL. */
      tenants: { type: 'string', default: '100' },
      /** Tables that the app's migrations make, one each; this package's and TypeORM's come on top. */
      tables: { type: 'string', default: '20' },
      /** Creations at once, and connections of plain SQL. */
      workers: { type: 'string', default: '4' },
      /** Databases that are ready, and claimed one after the other. */
      pending: { type: 'string', default: '40' },
    },
  });
  return {
    json: values.json,
    check: values.check,
    server: oneOf('server', values.server, SERVER_KINDS),
    tenants: wholeNumber('tenants', values.tenants, 8),
    tables: wholeNumber('tables', values.tables),
    workers: wholeNumber('workers', values.workers),
    pending: wholeNumber('pending', values.pending, 4),
  };
}

export type ProvisionBenchOptions = ReturnType<typeof readProvisionOptions>;
