import { KeyvAdapter, type CacheManagerStore } from 'cache-manager';
import type { RedisConnections } from '../../redis/redis-connections.js';
import { asEntry, timeLeft, type Entry, type EntryStore } from './entry-store.js';
import { loadRedisYet } from './load-redis-yet.js';

/** Keys that SCAN looks at in one round trip. */
const PAGE = 1_000;

/**
 * In Redis, through `cache-manager-redis-yet` and `KeyvAdapter`. That store empties the whole Redis for `clear()`, puts
 * its prefix on some of its commands only, and opens and leaves open a connection of its own. None of it gets here: it
 * works on a client of ours, which adds the prefix to every key, knows no FLUSHDB, and is closed with the app.
 */
export class RedisStore implements EntryStore {
  private constructor(
    private readonly redis: RedisConnections,
    private readonly adapter: KeyvAdapter,
  ) {}

  /** @throws PackageMissingError */
  static async open(redis: RedisConnections): Promise<RedisStore> {
    const redisYet = await loadRedisYet();
    const store: CacheManagerStore = redisYet.redisInsStore(new PrefixedClient(redis));
    return new RedisStore(redis, new KeyvAdapter(store));
  }

  async get(key: string): Promise<Entry | undefined> {
    return asEntry(await this.adapter.get(key));
  }

  async getMany(keys: readonly string[]): Promise<(Entry | undefined)[]> {
    if (keys.length === 0) return [];
    const entries: unknown[] = (await this.adapter.getMany?.([...keys])) ?? [];
    return entries.map(asEntry);
  }

  async set(key: string, entry: Entry): Promise<void> {
    await this.adapter.set(key, entry, timeLeft(entry));
  }

  async delete(keys: readonly string[]): Promise<void> {
    if (keys.length > 0) await this.adapter.deleteMany?.([...keys]);
  }

  /** Goes through the keys a thousand at a time, so that nobody has to wait for it. */
  async clear(prefix: string): Promise<void> {
    const pattern = `${escapeGlob(keyOf(this.redis, prefix))}*`;
    let cursor = '0';
    do {
      const page = await this.redis.command(
        'SCAN',
        cursor,
        'MATCH',
        pattern,
        'COUNT',
        String(PAGE),
      );
      const [next, keys] = page as [string, string[]];
      if (keys.length > 0) await this.redis.command('UNLINK', ...keys);
      cursor = next;
    } while (cursor !== '0');
  }

  /** The connection is not the store's. */
  async close(): Promise<void> {}
}

/** What `cache-manager-redis-yet` may do to Redis. */
export class PrefixedClient {
  constructor(private readonly redis: RedisConnections) {}

  async get(key: string): Promise<string | null> {
    return (await this.redis.command('GET', keyOf(this.redis, key))) as string | null;
  }

  async set(key: string, value: string, options?: { readonly PX: number }): Promise<void> {
    const px = options === undefined ? [] : ['PX', String(Math.ceil(options.PX))];
    await this.redis.command('SET', keyOf(this.redis, key), value, ...px);
  }

  async mGet(keys: readonly string[]): Promise<(string | null)[]> {
    const names = keys.map((key) => keyOf(this.redis, key));
    return (await this.redis.command('MGET', ...names)) as (string | null)[];
  }

  async del(keys: string | readonly string[]): Promise<void> {
    const names = [keys].flat().map((key) => keyOf(this.redis, key));
    await this.redis.command('UNLINK', ...names);
  }
}

function keyOf(redis: RedisConnections, key: string): string {
  return redis.key(`cache:${key}`);
}

function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]^]/g, '\\$&');
}
