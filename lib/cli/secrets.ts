import { ENCRYPTION_KEYS_VARIABLE } from '../encryption/encryption-options.js';
import { DatabaseUrlProblem, parseDatabaseUrl } from '../options/database-url.js';
import { fillFromEnvironment, type Environment } from '../options/environment.js';
import type { TenancyOptions } from '../options/tenancy-options.js';

/** The passwords and keys of a configuration, which may be wrong in other ways. */
export function secretsOf(given: TenancyOptions, env: Environment): string[] {
  const { central, tenants, redis, audit } = fillFromEnvironment(given, env);
  const servers = Object.values(tenants?.servers ?? {});
  const urls = [
    central?.url,
    ...servers.flatMap(({ url, replicas }) => [url, ...(replicas ?? []).map((one) => one.url)]),
  ];
  return [
    ...urls.flatMap((url) => passwordOf(url) ?? []),
    ...servers.flatMap(({ provisioning }) => provisioning?.password ?? []),
    ...(tenants?.credentialKeys ?? []),
    ...(audit?.keys ?? []),
    ...(env[ENCRYPTION_KEYS_VARIABLE]?.split(',') ?? []),
    passwordOfRedis(redis?.url),
  ].filter((secret): secret is string => typeof secret === 'string');
}

function passwordOf(url: unknown): string | undefined {
  if (typeof url !== 'string') return undefined;
  try {
    const address = parseDatabaseUrl(url);
    return address.engine === 'mysql' ? address.password : undefined;
  } catch (error) {
    if (error instanceof DatabaseUrlProblem) return undefined;
    throw error;
  }
}

function passwordOfRedis(url: unknown): string | undefined {
  if (typeof url !== 'string' || !URL.canParse(url)) return undefined;
  const { password } = new URL(url);
  try {
    return decodeURIComponent(password);
  } catch (error) {
    // As it stands there, then: it is for the options to refuse it.
    if (error instanceof URIError) return password;
    throw error;
  }
}
