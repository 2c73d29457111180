import type { QueryRunner } from 'typeorm';
import type { QueryResultCache } from 'typeorm/cache/QueryResultCache.js';
import type { QueryResultCacheOptions } from 'typeorm/cache/QueryResultCacheOptions.js';
import type { Placement } from '../context/current-tenant.js';
import { placementOf } from './entity-owner.js';
import { QueryCacheClearRefusedError } from './errors.js';

/**
 * TypeORM's query result cache with every key under its tenant. In the tenant's own table that changes nothing; in a
 * store that tenants share, such as Redis, it is what keeps the same query of two tenants apart.
 */
export class PlacedQueryResultCache implements QueryResultCache {
  /**
   * @param shared true when the tenants' entries lie in one store
   * @param current the placement of the running code, for calls without a query runner
   */
  constructor(
    private readonly cache: QueryResultCache,
    private readonly shared: boolean,
    private readonly current: () => Placement,
  ) {}

  connect(): Promise<void> {
    return this.cache.connect();
  }

  disconnect(): Promise<void> {
    return this.cache.disconnect();
  }

  synchronize(queryRunner?: QueryRunner): Promise<void> {
    return this.cache.synchronize(queryRunner);
  }

  getFromCache(
    options: QueryResultCacheOptions,
    queryRunner?: QueryRunner,
  ): Promise<QueryResultCacheOptions | undefined> {
    return this.cache.getFromCache(this.placed(options, queryRunner), queryRunner);
  }

  storeInCache(
    options: QueryResultCacheOptions,
    savedCache: QueryResultCacheOptions | undefined,
    queryRunner?: QueryRunner,
  ): Promise<void> {
    return this.cache.storeInCache(this.placed(options, queryRunner), savedCache, queryRunner);
  }

  isExpired(savedCache: QueryResultCacheOptions): boolean {
    return this.cache.isExpired(savedCache);
  }

  /** @throws QueryCacheClearRefusedError when the store is shared: it would be emptied for every tenant */
  clear(queryRunner?: QueryRunner): Promise<void> {
    if (this.shared) throw new QueryCacheClearRefusedError();
    return this.cache.clear(queryRunner);
  }

  remove(identifiers: string[], queryRunner?: QueryRunner): Promise<void> {
    const prefix = this.prefixFor(queryRunner);
    const placed = identifiers.map((identifier) => prefix + identifier);
    return this.cache.remove(placed, queryRunner);
  }

  private placed(
    options: QueryResultCacheOptions,
    queryRunner: QueryRunner | undefined,
  ): QueryResultCacheOptions {
    const prefix = this.prefixFor(queryRunner);
    return {
      ...options,
      ...(options.identifier && { identifier: prefix + options.identifier }),
      ...(options.query && { query: prefix + options.query }),
    };
  }

  private prefixFor(queryRunner: QueryRunner | undefined): string {
    const { server, database } = placementOf(queryRunner) ?? this.current();
    return `${server}/${database}:`;
  }
}
