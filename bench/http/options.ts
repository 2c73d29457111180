import { parseArgs } from 'node:util';
import { ADAPTERS, VARIANTS } from '../app/settings.js';
import {
  COMMON_OPTIONS,
  oneOf,
  SERVER_KINDS,
  UsageError,
  wholeNumber,
} from '../harness/command.js';
import { DISTRIBUTIONS, HANDLERS } from '../load/load.js';

/** The command line of `bench:http`. */
export function readHttpOptions() {
  const { values } = parseArgs({
    options: {
      ...COMMON_OPTIONS,
      /** `fastify` or `express`. */
      adapter: { type: 'string', default: 'fastify' },
      /** `ping`, `select`, `transaction`; default all three, one after the other. */
      handler: { type: 'string', multiple: true, default: [...HANDLERS] },
      /** The variants to compare with `single`, which is always there; default all. */
      variant: { type: 'string', multiple: true, default: [...VARIANTS] },
      /** Tenants that the requests go to. */
      tenants: { type: 'string', default: '50' },
      /** `even` or `zipf`. */
      distribution: { type: 'string', default: 'even' },
      /** Requests under way at once. */
      concurrency: { type: 'string', default: '32' },
      /** Connections to the server that `single`, `discriminator` and `tenancy` may open; with fewer, more are turned. */
      connections: { type: 'string', default: '100' },
      /** Services that the controller hangs on. */
      services: { type: 'string', default: '12' },
      /** How often each variant gets its turn. */
      rounds: { type: 'string', default: '7' },
      /** How long a turn lasts. */
      seconds: { type: 'string', default: '2' },
      /** The node binary that the app servers run on; default the one that runs this. */
      node: { type: 'string' },
    },
  });
  const options = {
    json: values.json,
    check: values.check,
    server: oneOf('server', values.server, SERVER_KINDS),
    adapter: oneOf('adapter', values.adapter, ADAPTERS),
    handlers: values.handler.map((handler) => oneOf('handler', handler, HANDLERS)),
    variants: VARIANTS.filter((variant) => variant === 'single' || wanted(variant)),
    tenants: wholeNumber('tenants', values.tenants),
    distribution: oneOf('distribution', values.distribution, DISTRIBUTIONS),
    concurrency: wholeNumber('concurrency', values.concurrency),
    connections: wholeNumber('connections', values.connections),
    services: wholeNumber('services', values.services, 0),
    rounds: wholeNumber('rounds', values.rounds),
    seconds: wholeNumber('seconds', values.seconds),
    node: values.node,
  };
  if (options.check && (options.adapter !== 'fastify' || !options.handlers.includes('select'))) {
    throw new UsageError('--check is for the select handler on Fastify');
  }
  return options;

  function wanted(variant: string): boolean {
    return values.variant
      .map((word) => oneOf('variant', word, VARIANTS))
      .some((w) => w === variant);
  }
}

/** The conditions of a run, for people. */
export function conditions(options: HttpOptions): string {
  const { adapter, tenants, distribution, concurrency, services, rounds, seconds } = options;
  const spread = distribution === 'even' ? 'evenly' : "by Zipf's law";
  return (
    `${adapter}; ${concurrency} requests at once to ${tenants} tenants ${spread}; ` +
    `a controller over ${services} services; ${rounds} rounds of ${seconds} s`
  );
}

export type HttpOptions = ReturnType<typeof readHttpOptions>;
