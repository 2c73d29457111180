import type { ScopedCache, WrapOptions } from './scoped-cache.js';

/**
 * What is kept under tags: `cache.tags('projects').wrap('all', …)`, until one of them is flushed. Keys are the same as
 * without tags.
 */
export class TaggedCache {
  constructor(
    private readonly cache: ScopedCache,
    private readonly names: readonly string[],
  ) {}

  /** @param ttl milliseconds that it lives. Default: the option `ttl` */
  async set<T>(key: string, value: T, ttl?: number): Promise<T> {
    await this.cache.writeTagged(key, value, ttl, this.names);
    return value;
  }

  get<T>(key: string): Promise<T | undefined> {
    return this.cache.get(key);
  }

  /** As `wrap` of the cache. What was flushed while the value was made makes it stale. */
  async wrap<T>(
    key: string,
    make: () => T | Promise<T>,
    options: number | Omit<WrapOptions<T>, 'raw'> = {},
  ): Promise<T> {
    const given = typeof options === 'number' ? { ttl: options } : options;
    return (await this.cache.wrapTagged(key, make, given, this.names)) as T;
  }

  /** Invalidates all that has one of these tags, of the one in context: one write for each tag, however many have it. */
  flush(): Promise<void> {
    return this.cache.flushTags(this.names);
  }
}
