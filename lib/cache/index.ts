export { CacheLocks, type CacheLock } from './cache-locks.js';
export type { CacheStore, TenantCacheOptions } from './cache-options.js';
export type { CacheStats } from './cache-statistics.js';
export { CacheTags } from './cache-tags.js';
export { CacheClearRefusedError, CacheOptionsError } from './errors.js';
export { ScopedCache, type WrapOptions } from './scoped-cache.js';
export { TaggedCache } from './tagged-cache.js';
export { TenantCacheInterceptor } from './tenant-cache.interceptor.js';
export {
  TenantCacheModule,
  type TenantCacheModuleAsyncOptions,
  type TenantCacheModuleOptions,
} from './tenant-cache.module.js';
export { CENTRAL_CACHE, TENANT_CACHE } from './tokens.js';
