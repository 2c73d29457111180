import { TenantInputError } from './errors.js';

/** MySQL's and MariaDB's limit for the name of a database, in characters. */
const MAX_LENGTH = 64;
const ALLOWED = /^[A-Za-z0-9_$-]+$/;
const RESERVED = new Set([
  'mysql',
  'sys',
  'information_schema',
  'performance_schema',
  'test',
  'lost+found',
]);

/** The name of a new tenant's database: the prefix and the slug. Different slugs give different names. */
export function databaseNameFor(prefix: string, slug: string): string {
  return prefix + slug.replaceAll('-', '_');
}

/**
 * The one place that says what a tenant's database may be called.
 * @param central the name of the central database, which no tenant may have
 * @throws TenantInputError
 */
export function checkDatabaseName(name: string, central: string): void {
  if (name.length > MAX_LENGTH) {
    throw new TenantInputError('database', `"${name}" is longer than ${MAX_LENGTH} characters`);
  }
  if (!ALLOWED.test(name)) {
    throw new TenantInputError(
      'database',
      `"${name}" has characters other than letters, digits, _, $ and -`,
    );
  }
  const lower = name.toLowerCase();
  if (RESERVED.has(lower) || lower === central.toLowerCase()) {
    throw new TenantInputError('database', `"${name}" is reserved`);
  }
}
