import { ENCRYPTION_KEYS_VARIABLE } from '../encryption/encryption-options.js';
import { isPlainObject } from '../options/check-section.js';
import { DatabaseUrlProblem, parseDatabaseUrl } from '../options/database-url.js';
import { fillFromEnvironment, type Environment } from '../options/environment.js';
import type { TenancyOptions } from '../options/tenancy-options.js';

/** The passwords and keys of a configuration, in which anything may be wrong: it was not looked at yet. */
export function secretsOf(given: TenancyOptions, env: Environment): string[] {
  const { central, tenants, redis, audit } = fillFromEnvironment(given, env);
  const servers = sectionsIn(tenants?.servers);
  const urls = [
    central?.url,
    ...servers.flatMap(({ url, replicas }) => [url, ...sectionsIn(replicas).map((one) => one.url)]),
  ];
  return [
    ...urls.map(passwordOf),
    ...sectionsIn(servers.map(({ provisioning }) => provisioning)).map(({ password }) => password),
    ...keysIn(tenants?.credentialKeys),
    ...keysIn(audit?.keys),
    ...keysIn(env[ENCRYPTION_KEYS_VARIABLE]),
    passwordOfRedis(redis?.url),
  ].filter((secret): secret is string => typeof secret === 'string');
}

/** The objects of a list, or the values of an object that are objects. */
function sectionsIn(value: unknown): Readonly<Record<string, unknown>>[] {
  return typeof value === 'object' && value !== null
    ? Object.values(value).filter(isPlainObject)
    : [];
}

/** Also where the list is still the text of a variable. */
function keysIn(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return value.split(',');
  return Array.isArray(value) ? value : [];
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
