import type { QueryRunner } from 'typeorm';
import type { QueryResultCache } from 'typeorm/cache/QueryResultCache.js';
import type { QueryResultCacheOptions } from 'typeorm/cache/QueryResultCacheOptions.js';
import type { Placement } from '../context/current-tenant.js';
import { placementOf } from './entity-owner.js';
import { QueryCacheClearRefusedError } from './errors.js';

/**
 * TypeORM's query result cache with every key under its tenant, and asked in the store that holds the tenant's entries:
 * its own table, or one that tenants share, such as Redis, where the key is what keeps the same query of two apart.
 */
export class PlacedQueryResultCache implements QueryResultCache {
  /**
   * @param store the one that the DataSource connects and disconnects; what is not shared has another per placement
   * @param storeOf where a placement's entries are
   * @param current the placement of calls without a query runner
   */
  constructor(
    private readonly store: QueryResultCache,
    private readonly storeOf: (placement: Placement) => QueryResultCache,
    private readonly current: () => Placement,
  ) {}

  connect(): Promise<void> {
    return this.store.connect();
  }

  disconnect(): Promise<void> {
    return this.store.disconnect();
  }

  synchronize(queryRunner?: QueryRunner): Promise<void> {
    return this.storeOf(this.placementFor(queryRunner)).synchronize(queryRunner);
  }

  getFromCache(
    options: QueryResultCacheOptions,
    queryRunner?: QueryRunner,
  ): Promise<QueryResultCacheOptions | undefined> {
    const placement = this.placementFor(queryRunner);
    return this.storeOf(placement).getFromCache(placed(options, placement), queryRunner);
  }

  storeInCache(
    options: QueryResultCacheOptions,
    savedCache: QueryResultCacheOptions | undefined,
    queryRunner?: QueryRunner,
  ): Promise<void> {
    const placement = this.placementFor(queryRunner);
    const entry = placed(options, placement);
    return this.storeOf(placement).storeInCache(entry, savedCache, queryRunner);
  }

  isExpired(savedCache: QueryResultCacheOptions): boolean {
    return this.store.isExpired(savedCache);
  }

  /** @throws QueryCacheClearRefusedError when the store is shared: it would be emptied for every tenant */
  async clear(queryRunner?: QueryRunner): Promise<void> {
    const store = this.storeOf(this.placementFor(queryRunner));
    if (store === this.store) throw new QueryCacheClearRefusedError();
    return store.clear(queryRunner);
  }

  async remove(identifiers: string[], queryRunner?: QueryRunner): Promise<void> {
    const placement = this.placementFor(queryRunner);
    const keys = identifiers.map((identifier) => prefixOf(placement) + identifier);
    return this.storeOf(placement).remove(keys, queryRunner);
  }

  private placementFor(queryRunner: QueryRunner | undefined): Placement {
    return placementOf(queryRunner) ?? this.current();
  }
}

function placed(options: QueryResultCacheOptions, placement: Placement): QueryResultCacheOptions {
  const prefix = prefixOf(placement);
  return {
    ...options,
    ...(options.identifier && { identifier: prefix + options.identifier }),
    ...(options.query && { query: prefix + options.query }),
  };
}

function prefixOf({ server, database }: Placement): string {
  return `${server}/${database}:`;
}
