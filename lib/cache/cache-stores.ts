import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { RedisConnections } from '../redis/redis-connections.js';
import { Signals } from '../redis/signals.js';
import type { CacheStore, ResolvedCacheOptions } from './cache-options.js';
import { CacheOptionsError } from './errors.js';
import { DatabaseStore } from './stores/database-store.js';
import type { EntryStore } from './stores/entry-store.js';
import { KeyvStore } from './stores/keyv-store.js';
import { MemoryStore } from './stores/memory-store.js';
import { RedisStore } from './stores/redis-store.js';
import { TwoLevelStore } from './stores/two-level-store.js';

/** Opens the stores that the options name, and closes them with the app. */
@Injectable()
export class CacheStores implements OnApplicationShutdown {
  private readonly opened: EntryStore[] = [];

  constructor(
    private readonly redis: RedisConnections,
    private readonly signals: Signals,
    @Inject(getDataSourceToken()) private readonly tenantDataSource: DataSource,
  ) {}

  /** @throws CacheOptionsError, PackageMissingError */
  async open(store: CacheStore, options: ResolvedCacheOptions): Promise<EntryStore> {
    const opened = await this.openBehind(store, options);
    this.opened.push(opened);
    return opened;
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.opened.map((store) => store.close()));
  }

  private async openBehind(store: CacheStore, options: ResolvedCacheOptions): Promise<EntryStore> {
    if (store === 'memory') return new MemoryStore(options.maxEntries);
    const back = await this.openStore(store);
    if (!options.memoryInFront) return back;
    const front = new MemoryStore(options.maxEntries, options.staleness);
    return new TwoLevelStore(front, back, this.signals);
  }

  private async openStore(store: Exclude<CacheStore, 'memory'>): Promise<EntryStore> {
    if (store === 'database') return new DatabaseStore(this.tenantDataSource);
    if (store !== 'redis') return new KeyvStore(store);
    if (!this.redis.configured) {
      throw new CacheOptionsError(
        "the store 'redis' is the one of TenancyModule, which names none. Give it redis: { url }, or set TENANCY_REDIS_URL.",
      );
    }
    return RedisStore.open(this.redis);
  }
}
