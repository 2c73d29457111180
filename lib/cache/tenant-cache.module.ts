import { CACHE_MANAGER, Cache } from '@nestjs/cache-manager';
import {
  ConfigurableModuleBuilder,
  Module,
  type DynamicModule,
  type Provider,
} from '@nestjs/common';
import { requireTenant } from '../context/tenant-context.js';
import { RedisConnections } from '../redis/redis-connections.js';
import type { ResolvedCacheOptions, TenantCacheOptions } from './cache-options.js';
import { CacheLocks } from './cache-locks.js';
import { CacheStores } from './cache-stores.js';
import { CacheTagsSubscriber } from './cache-tags.subscriber.js';
import { resolveCacheOptions } from './resolve-options.js';
import { ScopedCache } from './scoped-cache.js';
import { TenantCacheInterceptor } from './tenant-cache.interceptor.js';
import { CACHE_OPTIONS, CENTRAL_CACHE, TENANT_CACHE } from './tokens.js';

const GIVEN_OPTIONS = Symbol.for('nestjs-tenancy:given-cache-options');

const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<TenantCacheOptions>({ optionsInjectionToken: GIVEN_OPTIONS })
    .setClassMethodName('register')
    .setFactoryMethodName('createCacheOptions')
    .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({
      ...definition,
      global: isGlobal,
    }))
    .build();

/** The options of `TenantCacheModule.register()`, and `isGlobal`: default true. */
export type TenantCacheModuleOptions = typeof OPTIONS_TYPE;

/** The options of `TenantCacheModule.registerAsync()`: `useFactory` with `inject`, `useClass` or `useExisting`. */
export type TenantCacheModuleAsyncOptions = typeof ASYNC_OPTIONS_TYPE;

const PROVIDERS: Provider[] = [
  CacheStores,
  {
    provide: CACHE_OPTIONS,
    inject: [GIVEN_OPTIONS, RedisConnections],
    useFactory: (given: TenantCacheOptions, { configured }: RedisConnections) =>
      resolveCacheOptions(given, configured),
  },
  {
    provide: TENANT_CACHE,
    inject: [CACHE_OPTIONS, CacheStores],
    useFactory: async (options: ResolvedCacheOptions, stores: CacheStores) =>
      new ScopedCache(
        await stores.open(options.store, options),
        tenantScope,
        options,
        'tenant-cache',
      ),
  },
  {
    provide: CENTRAL_CACHE,
    inject: [CACHE_OPTIONS, CacheStores],
    useFactory: async (options: ResolvedCacheOptions, stores: CacheStores) =>
      new ScopedCache(
        await stores.open(options.centralStore, options),
        () => 'central:',
        options,
        'central-cache',
      ),
  },
  { provide: CACHE_MANAGER, useExisting: TENANT_CACHE },
  { provide: Cache, useExisting: TENANT_CACHE },
  CacheLocks,
  CacheTagsSubscriber,
  TenantCacheInterceptor,
];

/**
 * Takes the place of `CacheModule` of `@nestjs/cache-manager`: the `CACHE_MANAGER` of the app is the one of the tenant in
 * context. Import it once, after `TenancyModule`.
 */
@Module({
  providers: PROVIDERS,
  exports: [
    CACHE_MANAGER,
    Cache,
    TENANT_CACHE,
    CENTRAL_CACHE,
    CacheLocks,
    CacheTagsSubscriber,
    TenantCacheInterceptor,
  ],
})
export class TenantCacheModule extends ConfigurableModuleClass {
  /** @throws CacheOptionsError, PackageMissingError when the app starts */
  static override register(options: TenantCacheModuleOptions = {}): DynamicModule {
    return super.register(options);
  }

  /** @throws CacheOptionsError, PackageMissingError when the app starts */
  static override registerAsync(options: TenantCacheModuleAsyncOptions): DynamicModule {
    return super.registerAsync(options);
  }
}

/** A tenant, and its data as it is: what was kept of data that has been replaced since is out of reach. */
function tenantScope(operation: string): string {
  const { id, generation } = requireTenant(operation);
  return `${id}.${generation}:`;
}
