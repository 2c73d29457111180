import { checkSection, isPlainObject } from './check-section.js';
import { ENVIRONMENT } from './environment.js';
import type { OptionIssue } from './errors.js';
import { RedisOptions } from './redis-options.js';

const EXAMPLE = 'Write redis://user:password@host:6379';

/** Without repeating the URL, which holds a password. */
export function checkRedis(redis: unknown): OptionIssue[] {
  const issues = checkSection(RedisOptions, redis, 'redis');
  if (!isPlainObject(redis) || typeof redis.url !== 'string') return issues;
  const problem = problemOf(redis.url);
  if (problem !== undefined) issues.push({ path: 'redis.url', problem, remedy: EXAMPLE });
  return issues;
}

/** To be asked once the environment has filled the gaps. */
export function checkRedisIsNamed(redis: RedisOptions | undefined): OptionIssue[] {
  if (redis === undefined || redis.url !== undefined) return [];
  const remedy = `Give it, or set ${ENVIRONMENT.redisUrl}; without Redis leave \`redis\` out`;
  return [{ path: 'redis.url', problem: 'is not given', remedy }];
}

function problemOf(url: string): string | undefined {
  if (!/^rediss?:\/\//.test(url)) return 'must start with redis:// or rediss://';
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  // With one of these in the password, what comes before it would pass for the host.
  if (
    parsed === undefined ||
    parsed.hash !== '' ||
    parsed.pathname.includes('@') ||
    !isEncoded(parsed.username + parsed.password)
  ) {
    return 'is not a URL; characters such as @ / : # % in the password must be percent-encoded';
  }
  if (parsed.hostname === '') return 'names no host';
  if (parsed.search !== '') return 'has a query string, which nothing reads';
  if (!/^\/?\d*$/.test(parsed.pathname)) return 'has a path that is no number of a database';
  return undefined;
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
