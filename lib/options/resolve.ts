import { resolve as resolvePath } from 'node:path';
import { parseDatabaseUrl, type DatabaseAddress } from './database-url.js';
import { ENVIRONMENT, fillFromEnvironment, type Environment } from './environment.js';
import { TenancyOptionsError } from './errors.js';
import type { Identifier } from './identifier.js';
import {
  CENTRAL,
  type CentralOptions,
  type HttpOptions,
  type RegistryOptions,
  type ServerOptions,
  type TenancyOptions,
  type TenantsOptions,
} from './tenancy-options.js';
import { validateOptions } from './validate.js';

export interface ResolvedServer {
  readonly name: string;
  readonly address: DatabaseAddress;
  readonly maxConnections: number;
  readonly acquireTimeout: number;
  readonly connection: Readonly<Record<string, unknown>>;
}

type Entities = Pick<CentralOptions, 'entities' | 'subscribers' | 'migrations' | 'typeorm'>;

/** The options with every default filled in: what the rooms read. */
export interface ResolvedTenancyOptions {
  readonly central: Entities & { readonly server: ResolvedServer; readonly migrate: boolean };
  readonly tenants: Entities &
    Pick<TenantsOptions, 'seed'> & {
      readonly servers: readonly ResolvedServer[];
      readonly databasePrefix: string;
    };
  /** Undefined means the default chain, which lives with the identifiers. */
  readonly identify: readonly Identifier[] | undefined;
  readonly http: Required<HttpOptions>;
  readonly registry: Required<RegistryOptions>;
}

/** Where the embedded default keeps its files. */
const EMBEDDED = {
  central: 'sqlite:./.tenancy/central.sqlite',
  server: { url: 'sqlite:./.tenancy/tenants' },
} as const;

/**
 * Checks the tree, fills the gaps from the environment and applies the defaults.
 * @param centralName the name that the central DataSource was registered under, where that is known before the options
 * @throws TenancyOptionsError
 */
export function resolveOptions(
  given: TenancyOptions,
  env: Environment = process.env,
  centralName?: string,
): ResolvedTenancyOptions {
  // Twice: what is no object cannot be filled, and what fills it may be wrong.
  validateOptions(given);
  const options = fillFromEnvironment(given, env);
  validateOptions(options);
  const { central = {}, tenants = {}, http = {}, registry = {} } = options;
  const registered = centralName ?? central.name ?? CENTRAL;
  refuseOtherName(central, registered);
  refuseUnnamedEmbedded(central, tenants, env);
  refuseMixedEngines(options);
  const servers = tenants.servers ?? { embedded: EMBEDDED.server };
  return {
    central: {
      ...entitiesOf(central),
      server: resolveServer(registered, {
        ...central,
        url: central.url ?? EMBEDDED.central,
        maxConnections: central.maxConnections ?? 10,
      }),
      migrate: central.migrate ?? true,
    },
    tenants: {
      ...entitiesOf(tenants),
      seed: tenants.seed,
      servers: Object.entries(servers).map(([name, server]) => resolveServer(name, server)),
      databasePrefix: tenants.databasePrefix ?? 'tenant_',
    },
    identify: options.identify,
    http: {
      defaultRouteMode: http.defaultRouteMode ?? 'tenant',
      centralHosts: http.centralHosts ?? [],
      exclude: http.exclude ?? [],
      mount: http.mount ?? true,
    },
    registry: {
      maxTenants: registry.maxTenants ?? 20_000,
      ttl: registry.ttl ?? 60_000,
      maxUnknown: registry.maxUnknown ?? 10_000,
      unknownTtl: registry.unknownTtl ?? 5_000,
    },
  };
}

/** `TypeOrmModule` needs the name before the options are there. */
function refuseOtherName({ name = '' }: CentralOptions, registered: string): void {
  if (name === '' || name === registered) return;
  throw new TenancyOptionsError([
    {
      path: 'central.name',
      problem: `is "${name}", but the central DataSource was registered as "${registered}"`,
      remedy: `Pass it where it is needed first: forRootAsync({ centralName: '${name}', … })`,
    },
  ]);
}

/** In production a forgotten URL must not become a file beside the app, lost at the next deployment. */
function refuseUnnamedEmbedded(
  central: CentralOptions,
  tenants: TenantsOptions,
  env: Environment,
): void {
  if (env.NODE_ENV !== 'production') return;
  const issue = (path: string, variable: string, embedded: string) => ({
    path,
    problem: 'is not given, and in production the embedded default must be chosen by name',
    remedy: `Set it or ${variable}; for embedded SQLite write '${embedded}'`,
  });
  const issues = [];
  if (central.url === undefined) {
    issues.push(issue('central.url', ENVIRONMENT.centralUrl, EMBEDDED.central));
  }
  if (tenants.servers === undefined) {
    issues.push(issue('tenants.servers', ENVIRONMENT.serverUrl, EMBEDDED.server.url));
  }
  if (issues.length > 0) throw new TenancyOptionsError(issues);
}

/** One tenant-bound DataSource serves all tenants, so their servers must speak one dialect. */
function refuseMixedEngines({ central, tenants }: TenancyOptions): void {
  const centralEngine = dialectOf(central?.url ?? EMBEDDED.central);
  const servers = tenants?.servers;
  if (servers === undefined) {
    if (centralEngine === 'sqlite') return;
    throw new TenancyOptionsError([
      {
        path: 'tenants.servers',
        problem: 'names no server, while the central database is on one',
        remedy: `Give servers: { main: { url: '…' } } or set ${ENVIRONMENT.serverUrl}`,
      },
    ]);
  }
  const [first, ...others] = Object.entries(servers);
  const issues = others
    .filter(([, { url }]) => dialectOf(url) !== dialectOf(first[1].url))
    .map(([name, { url }]) => ({
      path: `tenants.servers.${name}.url`,
      problem: `is ${dialectOf(url)}, but the server "${first[0]}" is ${dialectOf(first[1].url)}`,
      remedy: 'Keep the tenants of one app on servers of one kind',
    }));
  if (issues.length > 0) throw new TenancyOptionsError(issues);
}

function dialectOf(url: string): 'mysql' | 'mariadb' | 'sqlite' {
  const address = parseDatabaseUrl(url);
  return address.engine === 'sqlite' ? 'sqlite' : address.dialect;
}

function resolveServer(name: string, server: ServerOptions): ResolvedServer {
  const address = parseDatabaseUrl(server.url);
  return {
    name,
    address:
      address.engine === 'sqlite' ? { ...address, path: resolvePath(address.path) } : address,
    maxConnections: server.maxConnections ?? 20,
    acquireTimeout: server.acquireTimeout ?? 5_000,
    connection: server.connection ?? {},
  };
}

function entitiesOf(section: Entities): Entities {
  const { entities, subscribers, migrations, typeorm } = section;
  return { entities, subscribers, migrations, typeorm };
}
