import 'reflect-metadata';
import { CACHE_MANAGER } from '@nestjs/cache-manager';
import type { ModuleMetadata } from '@nestjs/common';
import {
  CENTRAL_CACHE,
  TenantCacheModule,
  type ScopedCache,
  type TenantCacheModuleOptions,
} from '../../lib/cache/index.js';
import type { RedisOptions } from '../../lib/index.js';
import type { EngineSetup } from '../support/engines.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';

/** A started app with the tenants `a` and `b`, and its caches. */
export interface CacheApp extends TenancyApp {
  readonly cache: ScopedCache;
  readonly central: TenancyApp['central'];
  readonly centralCache: ScopedCache;
  inA<T>(work: () => Promise<T>): Promise<T>;
  inB<T>(work: () => Promise<T>): Promise<T>;
}

export interface CacheAppParts {
  readonly cache?: TenantCacheModuleOptions;
  readonly redis?: RedisOptions;
  readonly imports?: ModuleMetadata['imports'];
}

export async function startCacheApp(
  setup: EngineSetup,
  { cache = {}, redis, imports = [] }: CacheAppParts = {},
): Promise<CacheApp> {
  const app = await startTenancyApp(setup, {
    options: {
      ...(redis !== undefined && { redis }),
      tenants: { seed: (_tenant, dataSource) => dataSource.synchronize() },
    },
    imports: [...imports, TenantCacheModule.register(cache)],
  });
  for (const slug of ['a', 'b']) {
    if ((await app.tenants.find(slug)) === null) await app.tenants.create({ slug });
  }
  return {
    ...app,
    cache: app.context.get(CACHE_MANAGER),
    centralCache: app.context.get(CENTRAL_CACHE),
    inA: (work) => app.tenancy.run('a', work),
    inB: (work) => app.tenancy.run('b', work),
  };
}
