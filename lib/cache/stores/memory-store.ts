import { LRUCache } from 'lru-cache';
import { timeLeft, type Entry, type EntryStore } from './entry-store.js';

/** In the memory of this process; bounded for all tenants together. */
export class MemoryStore implements EntryStore {
  private readonly entries: LRUCache<string, Entry>;

  /** @param longest milliseconds after which an entry goes in any case */
  constructor(
    max: number,
    private readonly longest = Infinity,
  ) {
    this.entries = new LRUCache({ max });
  }

  // Not an async function, which would cost a quarter of a read.
  get(key: string): Promise<Entry | undefined> {
    return Promise.resolve(this.peek(key));
  }

  /** As {@link get}, at once. */
  peek(key: string): Entry | undefined {
    return this.entries.get(key);
  }

  async getMany(keys: readonly string[]): Promise<(Entry | undefined)[]> {
    return keys.map((key) => this.entries.get(key));
  }

  async set(key: string, entry: Entry): Promise<void> {
    const ttl = Math.min(timeLeft(entry) ?? Infinity, this.longest);
    this.entries.set(key, entry, ttl === Infinity ? undefined : { ttl });
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.entries.delete(key);
  }

  async clear(prefix: string): Promise<void> {
    for (const key of this.entries.keys()) {
      if (key.startsWith(prefix)) this.entries.delete(key);
    }
  }

  async close(): Promise<void> {
    this.entries.clear();
  }
}
