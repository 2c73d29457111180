import type { CacheManagerStore } from 'cache-manager';
import { loadPackage } from '../../load-package.js';
import type { PrefixedClient } from './redis-store.js';

/** What is used of the package, as its store is in truth: its own types are those of cache-manager 5 and redis 4. */
interface RedisYet {
  redisInsStore(client: PrefixedClient): CacheManagerStore;
}

/** @throws PackageMissingError */
export async function loadRedisYet(): Promise<RedisYet> {
  const feature = "The store 'redis' of TenantCacheModule";
  return (await loadPackage('cache-manager-redis-yet', feature)) as RedisYet;
}
