import { parseArgs } from 'node:util';
import { COMMON_OPTIONS, oneOf, UsageError, wholeNumber } from '../../../bench/harness/command.js';
import { DATABASE_KINDS } from './throw-away-database.js';

/** The command line of `npm run demo`. */
export function readDemoOptions() {
  const { values } = parseArgs({
    options: {
      ...COMMON_OPTIONS,
      /** `sqlite`, `mariadb` or `mysql`. */
      server: { type: 'string', default: 'sqlite' },
      /** To serve at. Default 3000; with `--check` one that is free. */
      port: { type: 'string' },
    },
  });
  if (values.json !== undefined && !values.check) {
    throw new UsageError('--json writes the answers that --check gets: give both');
  }
  return {
    json: values.json,
    check: values.check,
    server: oneOf('server', values.server, DATABASE_KINDS),
    port: values.port === undefined ? defaultPort(values.check) : wholeNumber('port', values.port),
  };
}

export type DemoOptions = ReturnType<typeof readDemoOptions>;

/** For 0 the system takes one that is free. */
function defaultPort(check: boolean): number {
  return check ? 0 : 3000;
}
