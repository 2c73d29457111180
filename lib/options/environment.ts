import type { TenancyOptions } from './tenancy-options.js';

/** The environment variables that fill what the code leaves out. What the code says wins. */
export const ENVIRONMENT = {
  centralUrl: 'TENANCY_CENTRAL_URL',
  serverUrl: 'TENANCY_SERVER_URL',
  maxConnections: 'TENANCY_MAX_CONNECTIONS',
  databasePrefix: 'TENANCY_DATABASE_PREFIX',
  credentialKeys: 'TENANCY_CREDENTIAL_KEYS',
  processes: 'TENANCY_PROCESSES',
  redisUrl: 'TENANCY_REDIS_URL',
  auditKeys: 'TENANCY_AUDIT_KEYS',
} as const;

export type Environment = Readonly<Record<string, string | undefined>>;

/** `options` with the gaps filled from `env`. An empty variable counts as absent. */
export function fillFromEnvironment(options: TenancyOptions, env: Environment): TenancyOptions {
  const read = (name: string): string | undefined => env[name] || undefined;
  const centralUrl = options.central?.url ?? read(ENVIRONMENT.centralUrl);
  const databasePrefix = options.tenants?.databasePrefix ?? read(ENVIRONMENT.databasePrefix);
  const credentialKeys =
    options.tenants?.credentialKeys ?? read(ENVIRONMENT.credentialKeys)?.split(',');
  const processes = options.pool?.processes ?? read(ENVIRONMENT.processes);
  const servers = options.tenants?.servers ?? serverFromEnvironment(read);
  const auditKeys = options.audit?.keys ?? read(ENVIRONMENT.auditKeys)?.split(',');
  const redis = redisFromEnvironment(options.redis, read);
  return {
    ...options,
    central: { ...options.central, ...(centralUrl !== undefined && { url: centralUrl }) },
    tenants: {
      ...options.tenants,
      ...(servers !== undefined && { servers }),
      ...(databasePrefix !== undefined && { databasePrefix }),
      ...(credentialKeys !== undefined && { credentialKeys }),
    },
    pool: { ...options.pool, ...(processes !== undefined && { processes: Number(processes) }) },
    ...(redis !== undefined && { redis }),
    ...(auditKeys !== undefined && { audit: { ...options.audit, keys: auditKeys } }),
  };
}

function serverFromEnvironment(read: (name: string) => string | undefined) {
  const url = read(ENVIRONMENT.serverUrl);
  if (url === undefined) return undefined;
  const maxConnections = read(ENVIRONMENT.maxConnections);
  return { main: { url, ...(maxConnections && { maxConnections: Number(maxConnections) }) } };
}

function redisFromEnvironment(
  given: TenancyOptions['redis'],
  read: (name: string) => string | undefined,
) {
  const url = given?.url ?? read(ENVIRONMENT.redisUrl);
  return url === undefined ? given : { ...given, url };
}
