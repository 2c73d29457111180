/** The tenant-bound cache, under a token that no other module can have taken as it can `CACHE_MANAGER`. */
export const TENANT_CACHE = Symbol.for('nestjs-tenancy:tenant-cache');

/** The cache that belongs to no tenant: `@Inject(CENTRAL_CACHE) cache: ScopedCache`. */
export const CENTRAL_CACHE = Symbol.for('nestjs-tenancy:central-cache');

/** The resolved options of `TenantCacheModule`. */
export const CACHE_OPTIONS = Symbol.for('nestjs-tenancy:cache-options');
