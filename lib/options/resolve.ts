import { checkCredentials } from './check-credentials.js';
import { checkEngines } from './check-engines.js';
import { checkQuotaStore } from './check-quotas.js';
import { checkRedisIsNamed } from './check-redis.js';
import { checkEmbeddedIsNamed, EMBEDDED } from './embedded.js';
import { fillFromEnvironment, type Environment } from './environment.js';
import { TenancyOptionsError, type OptionIssue } from './errors.js';
import type { Identifier } from './identifier.js';
import type { KeyProvider } from './key-provider.js';
import { resolveCatalogue, type ResolvedQuota } from './quota-catalogue.js';
import { connectionShare } from './quota-terms.js';
import { resolveServer, type ResolvedServer } from './resolve-server.js';
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
  type TenancyOptions,
  type TenantsOptions,
} from './tenancy-options.js';
import { validateOptions } from './validate.js';

export type { ResolvedServer } from './resolve-server.js';

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
  refuse(checkName(central, registered));
  refuse(checkEmbeddedIsNamed(central, tenants, env));
  refuse(checkEngines(options));
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
function checkName({ name = '' }: CentralOptions, registered: string): OptionIssue[] {
  if (name === '' || name === registered) return [];
  return [
    {
      path: 'central.name',
      problem: `is "${name}", but the central DataSource was registered as "${registered}"`,
      remedy: `Pass it where it is needed first: forRootAsync({ centralName: '${name}', … })`,
    },
  ];
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

function entitiesOf(section: Entities): Entities {
  const { entities, subscribers, migrations, typeorm } = section;
  return { entities, subscribers, migrations, typeorm };
}
