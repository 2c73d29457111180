import type { Keyv, KeyvStoreAdapter } from 'keyv';

/**
 * Where entries are kept: `memory` of this process; `redis`, the one of the option `redis` of `TenancyModule`;
 * `database`, each tenant's own table `cache`; or any store of Keyv.
 */
export type CacheStore = 'memory' | 'redis' | 'database' | Keyv | KeyvStoreAdapter;

/** The options of `TenantCacheModule.register()`, all of which may be left out. */
export interface TenantCacheOptions {
  /** {@link CacheStore}. Default: `redis` where `TenancyModule` has one, else `memory`. */
  readonly store?: CacheStore;
  /** Where the central cache keeps its entries. Default: as `store`, and `memory` where that is `database`. */
  readonly centralStore?: Exclude<CacheStore, 'database'>;
  /** Milliseconds that an entry lives unless it is set with others. Default 0: until it is deleted. */
  readonly ttl?: number;
  /**
   * Keep entries in the memory of each process, too, in front of a store that is not memory itself. A write in one
   * process is told to the others over Redis. Default false.
   */
  readonly memoryInFront?: boolean;
  /**
   * Milliseconds that an entry in front may be served after another process has changed it, when it was not told.
   * Default 5,000.
   */
  readonly staleness?: number;
  /** Entries in the memory of a process, all tenants together; the least recently used go first. Default 10,000. */
  readonly maxEntries?: number;
  /**
   * What a store that fails does to `get`, `set` and `wrap`. `bypass`: nothing is found and nothing kept, so that the app
   * goes on without a cache. `fail`: they reject. What deletes (`del`, `clear`, `flush`) rejects with either, because
   * what it should have deleted would be served later. Default `bypass`.
   */
  readonly onFailure?: 'bypass' | 'fail';
}

export type ResolvedCacheOptions = Required<TenantCacheOptions>;
