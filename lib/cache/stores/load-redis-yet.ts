import type { CacheManagerStore } from 'cache-manager';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PackageMissingError } from '../../tenancy.error.js';
import type { PrefixedClient } from './redis-store.js';

const NAME = 'cache-manager-redis-yet';

/** What is used of the package, as its store is in truth: its own types are those of cache-manager 5 and redis 4. */
interface RedisYet {
  redisInsStore(client: PrefixedClient): CacheManagerStore;
}

/** @throws PackageMissingError */
export async function loadRedisYet(): Promise<RedisYet> {
  try {
    // Where the app is: under jest a plain import() would need a flag.
    return createRequire(join(process.cwd(), 'app.js'))(NAME) as RedisYet;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  try {
    return await import(NAME);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new PackageMissingError("The store 'redis' of TenantCacheModule", NAME, error);
  }
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
}
