import { CacheInterceptor } from '@nestjs/cache-manager';
import { Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { currentTenant } from '../context/tenant-context.js';
import type { ScopedCache } from './scoped-cache.js';
import { TENANT_CACHE } from './tokens.js';

/**
 * `CacheInterceptor` of `@nestjs/cache-manager` whose answers are a tenant's own, by whatever identifier the tenant was
 * found; without a tenant nothing is cached. `@CacheKey` and `@CacheTTL` work as there.
 */
@Injectable()
export class TenantCacheInterceptor extends CacheInterceptor {
  constructor(@Inject(TENANT_CACHE) cache: ScopedCache, reflector: Reflector) {
    super(cache, reflector);
  }

  protected override async trackBy(context: ExecutionContext): Promise<string | undefined> {
    const tenant = currentTenant();
    const key = await super.trackBy(context);
    if (tenant === undefined || key === undefined || key === null) return undefined;
    // In the cache of the tenant in context, and by name, too: the answer is put there when the handler has ended,
    // wherever that was.
    return `http:${tenant.id}:${key}`;
  }
}
