import { Logger } from '@nestjs/common';
import type { Cache, Events } from 'cache-manager';
import type { EventEmitter } from 'node:events';
import { CacheEvents } from './cache-events.js';
import type { ResolvedCacheOptions } from './cache-options.js';
import type { CacheStats } from './cache-statistics.js';
import { Entries, entryKey } from './entries.js';
import { SingleFlight } from './single-flight.js';
import type { Entry, EntryStore } from './stores/entry-store.js';
import { TaggedCache } from './tagged-cache.js';

/** Whose entries: what all their keys begin with. Throws where there is nobody. */
export type CacheScope = (operation: string) => string;

/** Milliseconds, or a function of the value that gives them. */
type Duration<T> = number | ((value: T) => number);

/** As `cache-manager` has it. */
export interface WrapOptions<T> {
  /** Milliseconds that the value lives. Default: the option `ttl`. */
  readonly ttl?: Duration<T>;
  /** With fewer milliseconds left than this, the value is given and made anew in the background. Default: never. */
  readonly refreshThreshold?: Duration<T>;
  /** Give `{ value, expires }` in place of the value. */
  readonly raw?: boolean;
}

/**
 * The cache of whoever is in context: `Cache` of `cache-manager`, with keys that are out of the others' reach. Values
 * are kept as JSON.
 */
export class ScopedCache implements Cache {
  private readonly logger = new Logger('Tenancy');
  private readonly events = new CacheEvents();
  private readonly flights = new SingleFlight();
  private readonly entries: Entries;

  constructor(
    store: EntryStore,
    private readonly scope: CacheScope,
    options: Pick<ResolvedCacheOptions, 'ttl' | 'onFailure'>,
    private readonly id: string,
  ) {
    this.entries = new Entries(store, options, this.events);
  }

  /** Always empty: a store of all tenants, which its `clear()` would empty, is not given out. */
  readonly stores: Cache['stores'] = [];

  async get<T>(key: string): Promise<T | undefined> {
    const entry = await this.entries.find(this.scope('get() of a cache'), key);
    const value = valueOf(entry) as T | undefined;
    this.events.emit('get', { key, value });
    return value;
  }

  async mget<T>(keys: string[]): Promise<(T | undefined)[]> {
    const entries = await this.entries.findMany(this.scope('mget() of a cache'), keys);
    const values = entries.map((entry) => valueOf(entry) as T | undefined);
    this.events.emit('mget', { keys, values });
    return values;
  }

  /** When the entry ends, in milliseconds since 1970; undefined when there is none, or it does not end. */
  async ttl(key: string): Promise<number | undefined> {
    return this.entries.endOf(this.scope('ttl() of a cache'), key);
  }

  /**
   * @param ttl milliseconds that it lives; 0: until it is deleted; less: it is over, and what is there is deleted. Default:
   * the option `ttl`
   */
  async set<T>(key: string, value: T, ttl?: number): Promise<T> {
    await this.entries.write(this.scope('set() of a cache'), key, value, ttl);
    return value;
  }

  async mset<T>(list: { key: string; value: T; ttl?: number }[]) {
    const scope = this.scope('mset() of a cache');
    await Promise.all(
      list.map(({ key, value, ttl }) => this.entries.write(scope, key, value, ttl)),
    );
    this.events.emit('mset', { list });
    return list;
  }

  async del(key: string): Promise<boolean> {
    return this.mdel([key]);
  }

  async mdel(keys: string[]): Promise<boolean> {
    await this.entries.remove(this.scope('del() of a cache'), keys);
    for (const key of keys) this.events.emit('del', { key });
    return true;
  }

  /** Deletes all that the one in context has here, and nothing of anybody else. */
  async clear(): Promise<boolean> {
    await this.entries.clear(this.scope('clear() of a cache'));
    this.events.emit('clear');
    return true;
  }

  /**
   * The value under `key`; where there is none, the one that `make` gives, which is kept. However many ask at once in
   * this process, it is made once.
   */
  wrap<T>(
    key: string,
    make: () => T | Promise<T>,
    ttl?: Duration<T>,
    refreshThreshold?: Duration<T>,
  ): Promise<T>;
  wrap<T>(
    key: string,
    make: () => T | Promise<T>,
    options: WrapOptions<T> & { raw: true },
  ): Promise<{ value: T; expires?: number }>;
  wrap<T>(key: string, make: () => T | Promise<T>, options: WrapOptions<T>): Promise<T>;
  async wrap<T>(
    key: string,
    make: () => T | Promise<T>,
    given?: Duration<T> | WrapOptions<T>,
    refreshThreshold?: Duration<T>,
  ): Promise<unknown> {
    const options = typeof given === 'object' ? given : { ttl: given, refreshThreshold };
    return this.wrapTagged(key, make, options, []);
  }

  /** What is kept under tags, and can be invalidated by them. */
  tags(...tags: readonly string[]): TaggedCache {
    return new TaggedCache(this, tags);
  }

  /** Counts of this process, for all tenants together. */
  stats(): CacheStats {
    return this.entries.stats();
  }

  /** Hears of what is done, in the context of whoever does it; said by a tenant, of the tenant's own alone. */
  on<E extends keyof Events>(event: E, listener: Events[E]): EventEmitter {
    return this.events.on(event, listener as (...about: unknown[]) => void);
  }

  off<E extends keyof Events>(event: E, listener: Events[E]): EventEmitter {
    return this.events.off(event, listener);
  }

  /** Does nothing: the store is closed with the app. */
  async disconnect(): Promise<undefined> {}

  cacheId(): string {
    return this.id;
  }

  /** @internal */
  async writeTagged(
    key: string,
    value: unknown,
    ttl: number | undefined,
    tags: readonly string[],
  ): Promise<void> {
    const scope = this.scope('set() of a cache');
    const versions = await this.entries.versionsOf(scope, key, tags);
    if (versions !== undefined) await this.entries.write(scope, key, value, ttl, versions);
  }

  /** @internal */
  async flushTags(tags: readonly string[]): Promise<void> {
    await this.entries.flush(this.scope('flush() of a cache'), tags);
  }

  /** @internal */
  async wrapTagged<T>(
    key: string,
    make: () => T | Promise<T>,
    options: WrapOptions<T>,
    tags: readonly string[],
  ): Promise<unknown> {
    const scope = this.scope('wrap() of a cache');
    const found = await this.entries.find(scope, key);
    this.events.emit('get', { key });
    if (found === undefined) {
      const made = await this.make(scope, key, make, options, tags);
      return options.raw === true ? { value: made } : made;
    }
    const value = valueOf(found) as T;
    if (isEnding(found, value, options)) {
      this.make(scope, key, make, options, tags)
        .then(
          (made) => this.events.emit('refresh', { key, value: made }),
          (error: unknown) => this.events.emit('refresh', { key, value, error }),
        )
        // Nobody waits for it, whom it could be told: unhandled, it would end the process.
        .catch((error: unknown) => this.tellOfListener(error));
    }
    return options.raw === true ? { value, expires: found.expires } : value;
  }

  private tellOfListener(error: unknown): void {
    this.logger.error(
      'A listener of "refresh" of a cache failed',
      error instanceof Error ? error.stack : error,
    );
  }

  /** @returns what was made, by whoever made it */
  private make<T>(
    scope: string,
    key: string,
    make: () => T | Promise<T>,
    { ttl }: WrapOptions<T>,
    tags: readonly string[],
  ): Promise<T> {
    return this.flights.run(entryKey(scope, key), async () => {
      // Before the value is made: what is flushed meanwhile makes it stale.
      const tagged = tags.length > 0;
      const versions = tagged ? await this.entries.versionsOf(scope, key, tags) : undefined;
      const value = await make();
      if (!tagged || versions !== undefined) {
        await this.entries.write(scope, key, value, durationOf(ttl, value), versions);
      }
      return value;
    });
  }
}

function valueOf(entry: Entry | undefined): unknown {
  return entry === undefined ? undefined : JSON.parse(entry.json);
}

function isEnding<T>({ expires }: Entry, value: T, options: WrapOptions<T>): boolean {
  const threshold = durationOf(options.refreshThreshold, value);
  return threshold !== undefined && expires !== undefined && expires - Date.now() < threshold;
}

function durationOf<T>(duration: Duration<T> | undefined, value: T): number | undefined {
  return typeof duration === 'function' ? duration(value) : duration;
}
