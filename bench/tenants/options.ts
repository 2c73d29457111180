import { parseArgs } from 'node:util';
import {
  COMMON_OPTIONS,
  oneOf,
  requireGarbageCollector,
  SERVER_KINDS,
  UsageError,
  wholeNumber,
} from '../harness/command.js';

/** The command line of `bench:tenants`. */
export function readTenantsOptions() {
  const { values } = parseArgs({
    options: {
      ...COMMON_OPTIONS,
      /** Tenants that one process touches, each with a database of its own. */
      tenants: { type: 'string', default: '10000' },
      /** Connections to the server that the app may open for tenants. */
      connections: { type: 'string', default: '40' },
      /** Tenants touched at once. */
      concurrency: { type: 'string', default: '40' },
      /** Tenants that are kept unseen, for the latency of the first request to one. */
      unseen: { type: 'string', default: '500' },
    },
  });
  requireGarbageCollector();
  const tenants = wholeNumber('tenants', values.tenants);
  const unseen = wholeNumber('unseen', values.unseen);
  if (unseen > tenants) {
    throw new UsageError('--unseen must not exceed --tenants: each is compared with a seen one');
  }
  return {
    json: values.json,
    check: values.check,
    server: oneOf('server', values.server, SERVER_KINDS),
    tenants,
    connections: wholeNumber('connections', values.connections),
    concurrency: wholeNumber('concurrency', values.concurrency),
    unseen,
  };
}

export type TenantsOptions = ReturnType<typeof readTenantsOptions>;
