import type { OptionIssue } from './errors.js';
import type { TenantsOptions } from './tenants-options.js';

/** Bytes of a key of AES-256. */
const KEY_BYTES = 32;
const MAKE_ONE = 'Make one with: openssl rand -base64 32';

/** Keys at `path`, without repeating one, which is a secret. */
export function checkKeys(keys: unknown, path: string): OptionIssue[] {
  if (!Array.isArray(keys)) return [];
  return keys.flatMap((key: unknown, index) => checkKey(key, `${path}[${index}]`));
}

/** As {@link checkKeys}, where a key provider may stand in the place of a key. */
export function checkCredentialKeys(entries: unknown, path: string): OptionIssue[] {
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry: unknown, index) => {
    const at = `${path}[${index}]`;
    if (typeof entry === 'string') return checkKey(entry, at);
    if (isProvider(entry)) return [];
    const problem = 'is neither a key nor a key provider, which has current() and find()';
    const remedy = `${MAKE_ONE}; or give new MasterKeys([…]) of nestjs-tenancy/encryption`;
    return [{ path: at, problem, remedy }];
  });
}

function checkKey(key: unknown, path: string): OptionIssue[] {
  if (isKey(key)) return [];
  return [{ path, problem: `is not ${KEY_BYTES} bytes in base64`, remedy: MAKE_ONE }];
}

/** What accounts per tenant need; to be asked once the environment has filled the gaps. */
export function checkCredentials({
  credentials,
  credentialKeys = [],
  servers,
}: TenantsOptions): OptionIssue[] {
  if (credentials !== 'per-tenant') return [];
  const issues: OptionIssue[] = [];
  if (credentialKeys.length === 0) {
    issues.push({
      path: 'tenants.credentialKeys',
      problem: 'holds no key, while every tenant is to have a password',
      remedy: `${MAKE_ONE}; or set TENANCY_CREDENTIAL_KEYS`,
    });
  }
  const urls = Object.values(servers ?? {}).map(({ url }) => url);
  if (urls.length === 0 || urls.some((url) => url.startsWith('sqlite:'))) {
    issues.push({
      path: 'tenants.credentials',
      problem: 'is per-tenant, but SQLite has no accounts',
      remedy: 'Leave it out, or place tenants on MySQL or MariaDB',
    });
  }
  return issues;
}

function isKey(key: unknown): boolean {
  return (
    typeof key === 'string' &&
    /^[A-Za-z0-9+/]+={0,2}$/.test(key) &&
    Buffer.from(key, 'base64').length === KEY_BYTES
  );
}

function isProvider(given: unknown): boolean {
  if (typeof given !== 'object' || given === null) return false;
  const { current, find } = given as Record<string, unknown>;
  return typeof current === 'function' && typeof find === 'function';
}
