import { CACHE_MANAGER } from '@nestjs/cache-manager';
import { TenantCacheModule, type ScopedCache } from 'nestjs-tenancy/cache';
import type { Sense } from '../sense.js';

/** One store in memory for all tenants. */
export const cache: Sense = {
  name: 'cache',
  imports: [TenantCacheModule.register({})],
  async leave(app, key, slug) {
    await app.get<ScopedCache>(CACHE_MANAGER, { strict: false }).set(key, slug);
  },
  async look(app, key) {
    return String(await app.get<ScopedCache>(CACHE_MANAGER, { strict: false }).get(key));
  },
};
