import { resolve as resolvePath } from 'node:path';
import { Account } from './account.js';
import { checkCredentials } from './check-credentials.js';
import { checkQuotaStore } from './check-quotas.js';
import { checkRedisIsNamed } from './check-redis.js';
import { parseDatabaseUrl, type DatabaseAddress } from './database-url.js';
import { ENVIRONMENT, fillFromEnvironment, type Environment } from './environment.js';
import { TenancyOptionsError, type OptionIssue } from './errors.js';
import type { Identifier } from './identifier.js';
import type { KeyProvider } from './key-provider.js';
import { resolveCatalogue, type ResolvedQuota } from './quota-catalogue.js';
import { connectionShare } from './quota-terms.js';
import {
  CENTRAL,
  type AuditOptions,
  type ApiKeyOptions,
  type CentralOptions,
  type HttpOptions,
  type PoolOptions,
  type QuotaOptions,
  type RedisOptions,
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
  readonly maxConnectionsPerTenant: number;
  readonly maxWaiting: number;
  readonly acquireTimeout: number;
  readonly connectTimeout: number;
  readonly idleTimeout: number;
  readonly connection: Readonly<Record<string, unknown>>;
  readonly replicas: readonly ResolvedServer[];
  readonly readFromReplicas: boolean;
  readonly weight: number;
  readonly acceptsTenants: boolean;
  /** Undefined: the account of the address. */
  readonly provisioning: Account | undefined;
}

type Entities = Pick<CentralOptions, 'entities' | 'subscribers' | 'migrations' | 'typeorm'>;

/** The options with every default filled in: what the rooms read. */
export interface ResolvedTenancyOptions {
  readonly central: Entities & { readonly server: ResolvedServer; readonly migrate: boolean };
  readonly tenants: Entities &
    Pick<TenantsOptions, 'seed' | 'place' | 'share'> & {
      readonly credentials: 'shared' | 'per-tenant';
      readonly onPendingMigrations: 'refuse' | 'migrate' | 'serve';
      readonly template: boolean;
      readonly pending: number;
      readonly credentialKeys: readonly (string | KeyProvider)[];
      readonly servers: readonly ResolvedServer[];
      readonly databasePrefix: string;
    };
  /** Undefined means the default chain, which lives with the identifiers. */
  readonly identify: readonly Identifier[] | undefined;
  readonly http: Required<HttpOptions>;
  readonly registry: Required<RegistryOptions>;
  readonly pool: Required<PoolOptions>;
  /** Undefined: there is none. */
  readonly redis: ResolvedRedis | undefined;
  readonly quota: ResolvedQuotas;
  readonly audit: ResolvedAudit;
  readonly apiKeys: Required<ApiKeyOptions>;
}

export type ResolvedQuotas = Required<Omit<QuotaOptions, 'catalogue'>> & {
  readonly catalogue: Readonly<Record<string, ResolvedQuota>>;
};

/** Without `actor`, the audit log's own way. */
export type ResolvedAudit = Required<Omit<AuditOptions, 'actor'>> & Pick<AuditOptions, 'actor'>;

export type ResolvedRedis = Required<RedisOptions>;

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
  const { central = {}, tenants = {}, http = {}, registry = {}, pool = {}, apiKeys = {} } = options;
  const registered = centralName ?? central.name ?? CENTRAL;
  refuseOtherName(central, registered);
  refuseUnnamedEmbedded(central, tenants, env);
  refuseMixedEngines(options);
  refuse(checkCredentials(tenants));
  refuse(checkRedisIsNamed(options.redis));
  refuse(checkQuotaStore(options.quota, options.redis !== undefined));
  const quota = resolveQuotas(options);
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
      place: tenants.place,
      share: tenants.share ?? connectionShare(quota),
      credentials: tenants.credentials ?? 'shared',
      onPendingMigrations: tenants.onPendingMigrations ?? 'refuse',
      template: tenants.template ?? true,
      pending: tenants.pending ?? 0,
      credentialKeys: tenants.credentialKeys ?? [],
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
    pool: {
      processes: pool.processes ?? 1,
      longLease: pool.longLease ?? 30_000,
      drainTimeout: pool.drainTimeout ?? 10_000,
    },
    redis: resolveRedis(options.redis),
    quota,
    audit: resolveAudit(options.audit),
    apiKeys: {
      prefix: apiKeys.prefix ?? 'tk',
      ttl: apiKeys.ttl ?? 5_000,
      maxKeys: apiKeys.maxKeys ?? 20_000,
    },
  };
}

function refuse(issues: readonly OptionIssue[]): void {
  if (issues.length > 0) throw new TenancyOptionsError(issues);
}

/** `TypeOrmModule` needs the name before the options are there. */
function refuseOtherName({ name = '' }: CentralOptions, registered: string): void {
  if (name === '' || name === registered) return;
  refuse([
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
  refuse(issues);
}

/** One tenant-bound DataSource serves all tenants, so their servers must speak one dialect. */
function refuseMixedEngines({ central, tenants }: TenancyOptions): void {
  const centralEngine = dialectOf(central?.url ?? EMBEDDED.central);
  const servers = tenants?.servers;
  if (servers === undefined) {
    if (centralEngine === 'sqlite') return;
    return refuse([
      {
        path: 'tenants.servers',
        problem: 'names no server, while the central database is on one',
        remedy: `Give servers: { main: { url: '…' } } or set ${ENVIRONMENT.serverUrl}`,
      },
    ]);
  }
  const [first, ...others] = Object.entries(servers).flatMap(([name, { url, replicas = [] }]) => [
    { name, path: `tenants.servers.${name}`, url },
    ...replicas.map((replica, index) => ({
      name,
      path: `tenants.servers.${name}.replicas[${index}]`,
      url: replica.url,
    })),
  ]);
  const issues = others
    .filter(({ url }) => dialectOf(url) !== dialectOf(first.url))
    .map(({ path, url }) => ({
      path: `${path}.url`,
      problem: `is ${dialectOf(url)}, but the server "${first.name}" is ${dialectOf(first.url)}`,
      remedy: 'Keep the tenants of one app on servers of one kind',
    }));
  refuse(issues);
}

function dialectOf(url: string): 'mysql' | 'mariadb' | 'sqlite' {
  const address = parseDatabaseUrl(url);
  return address.engine === 'sqlite' ? 'sqlite' : address.dialect;
}

function resolveServer(name: string, server: ServerOptions): ResolvedServer {
  const { provisioning, maxConnections = 20 } = server;
  return {
    name,
    address: resolveAddress(server.url),
    maxConnections,
    maxConnectionsPerTenant: server.maxConnectionsPerTenant ?? maxConnections,
    maxWaiting: server.maxWaiting ?? 10_000,
    acquireTimeout: server.acquireTimeout ?? 5_000,
    connectTimeout: server.connectTimeout ?? 3_000,
    idleTimeout: server.idleTimeout ?? 60_000,
    connection: server.connection ?? {},
    // What a replica does not say of itself is as with its server.
    replicas: (server.replicas ?? []).map((replica, index) =>
      resolveServer(`${name}/replica-${index + 1}`, {
        ...server,
        ...withoutUndefined(replica),
        replicas: [],
      }),
    ),
    readFromReplicas: server.readFromReplicas ?? false,
    weight: server.weight ?? 1,
    acceptsTenants: server.acceptsTenants ?? true,
    provisioning: provisioning && new Account(provisioning.user, provisioning.password),
  };
}

function withoutUndefined<T extends object>(options: T): T {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as T;
}

function resolveQuotas({ quota = {}, redis }: TenancyOptions): ResolvedQuotas {
  return {
    store: quota.store ?? (redis === undefined ? 'database' : 'redis'),
    catalogue: resolveCatalogue(quota.catalogue ?? {}),
    plans: quota.plans ?? {},
    planSetting: quota.planSetting ?? 'plan',
    limitsSetting: quota.limitsSetting ?? 'quotas',
    timeZoneSetting: quota.timeZoneSetting ?? 'timeZone',
    timeZone: quota.timeZone ?? 'UTC',
    logRetention: quota.logRetention ?? 400,
  };
}

function resolveAudit({ keys = [], redact = [], actor, crossings = true }: AuditOptions = {}) {
  return { keys, redact, actor, crossings };
}

function resolveRedis(redis: RedisOptions | undefined): ResolvedRedis | undefined {
  // Checked: without a URL it is not given at all.
  if (redis?.url === undefined) return undefined;
  const { url, keyPrefix = 'tenancy:', timeout = 1_000 } = redis;
  return { url, keyPrefix, timeout };
}

function resolveAddress(url: string): DatabaseAddress {
  const address = parseDatabaseUrl(url);
  return address.engine === 'sqlite' ? { ...address, path: resolvePath(address.path) } : address;
}

function entitiesOf(section: Entities): Entities {
  const { entities, subscribers, migrations, typeorm } = section;
  return { entities, subscribers, migrations, typeorm };
}
