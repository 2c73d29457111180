import type { Cache, Events } from 'cache-manager';
import { EventEmitter } from 'node:events';
import { currentTenant } from '../context/tenant-context.js';
import { CacheStatistics, type CacheStats } from './cache-statistics.js';
import type { ResolvedCacheOptions } from './cache-options.js';
import { SingleFlight } from './single-flight.js';
import type { Entry, EntryStore } from './stores/entry-store.js';
import { TagVersions } from './tag-versions.js';
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

/** @internal what a write of a tagged entry adds */
interface Write {
  readonly ttl?: number;
  readonly tags?: Entry['tags'];
}

/**
 * The cache of whoever is in context: `Cache` of `cache-manager`, with keys that are out of the others' reach. Values
 * are kept as JSON.
 */
export class ScopedCache implements Cache {
  private readonly emitter = new EventEmitter();
  private readonly statistics = new CacheStatistics();
  private readonly flights = new SingleFlight();
  private readonly versions: TagVersions;

  constructor(
    private readonly store: EntryStore,
    private readonly scope: CacheScope,
    private readonly options: Pick<ResolvedCacheOptions, 'ttl' | 'onFailure'>,
    private readonly id: string,
  ) {
    this.versions = new TagVersions(store);
  }

  /** Always empty: a store of all tenants, which its `clear()` would empty, is not given out. */
  readonly stores: Cache['stores'] = [];

  async get<T>(key: string): Promise<T | undefined> {
    const scope = this.scope('get() of a cache');
    const entry = await this.find(scope, key);
    const value = valueOf(entry) as T | undefined;
    this.emitter.emit('get', { key, value });
    return value;
  }

  async mget<T>(keys: string[]): Promise<(T | undefined)[]> {
    const scope = this.scope('mget() of a cache');
    const entries = await this.bypassing('mget', { keys }, () =>
      this.store.getMany(keys.map((key) => entryKey(scope, key))),
    );
    const values = await Promise.all(
      keys.map(async (_key, index) => {
        const entry = await this.hold(scope, entries?.[index]);
        return valueOf(entry) as T | undefined;
      }),
    );
    this.emitter.emit('mget', { keys, values });
    return values;
  }

  /** When the entry ends, in milliseconds since 1970; undefined when there is none, or it does not end. */
  async ttl(key: string): Promise<number | undefined> {
    const scope = this.scope('ttl() of a cache');
    const entry = await this.bypassing('get', { key }, () => this.store.get(entryKey(scope, key)));
    return entry?.expires;
  }

  /** @param ttl milliseconds that it lives; 0: until it is deleted. Default: the option `ttl` */
  async set<T>(key: string, value: T, ttl?: number): Promise<T> {
    await this.write(this.scope('set() of a cache'), key, value, { ttl });
    return value;
  }

  async mset<T>(list: { key: string; value: T; ttl?: number }[]) {
    const scope = this.scope('mset() of a cache');
    await Promise.all(list.map(({ key, value, ttl }) => this.write(scope, key, value, { ttl })));
    this.emitter.emit('mset', { list });
    return list;
  }

  async del(key: string): Promise<boolean> {
    return this.mdel([key]);
  }

  async mdel(keys: string[]): Promise<boolean> {
    const scope = this.scope('del() of a cache');
    await this.deleting(() => this.store.delete(keys.map((key) => entryKey(scope, key))));
    for (const key of keys) this.emitter.emit('del', { key });
    return true;
  }

  /** Deletes all that the one in context has here, and nothing of anybody else. */
  async clear(): Promise<boolean> {
    const scope = this.scope('clear() of a cache');
    await this.deleting(() => this.store.clear(scope));
    this.emitter.emit('clear');
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
    return this.statistics.stats();
  }

  /** Hears of what is done, in the context of whoever does it; said by a tenant, of the tenant's own alone. */
  on<E extends keyof Events>(event: E, listener: Events[E]): EventEmitter {
    const owner = currentTenant();
    if (owner === undefined) return this.emitter.on(event, listener);
    const hears = listener as (...args: unknown[]) => void;
    const own = (...args: unknown[]): void => {
      if (currentTenant()?.id === owner.id) hears(...args);
    };
    // By this property EventEmitter finds it again for `off`.
    return this.emitter.on(event, Object.assign(own, { listener }));
  }

  off<E extends keyof Events>(event: E, listener: Events[E]): EventEmitter {
    return this.emitter.off(event, listener);
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
    const versions = await this.bypassing('set', { key }, () => this.versions.current(scope, tags));
    if (versions !== undefined) await this.write(scope, key, value, { ttl, tags: versions });
  }

  /** @internal */
  async flushTags(tags: readonly string[]): Promise<void> {
    const scope = this.scope('flush() of a cache');
    await this.deleting(() => this.versions.flush(scope, tags));
  }

  /** @internal */
  async wrapTagged<T>(
    key: string,
    make: () => T | Promise<T>,
    options: WrapOptions<T>,
    tags: readonly string[],
  ): Promise<unknown> {
    const scope = this.scope('wrap() of a cache');
    const found = await this.find(scope, key);
    this.emitter.emit('get', { key });
    if (found === undefined) {
      const made = await this.make(scope, key, make, options, tags);
      return options.raw === true ? { value: made } : made;
    }
    const value = valueOf(found) as T;
    if (isEnding(found, value, options)) {
      this.make(scope, key, make, options, tags).catch((error: unknown) => {
        this.emitter.emit('refresh', { key, value, error });
      });
    }
    return options.raw === true ? { value, expires: found.expires } : value;
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
      const versions =
        tags.length === 0
          ? undefined
          : await this.bypassing('set', { key }, () => this.versions.current(scope, tags));
      const value = await make();
      if (tags.length === 0 || versions !== undefined) {
        await this.write(scope, key, value, { ttl: durationOf(ttl, value), tags: versions });
      }
      return value;
    });
  }

  /** The entry under `key` that counts, counted as a hit or a miss. */
  private async find(scope: string, key: string): Promise<Entry | undefined> {
    const entry = await this.bypassing('get', { key }, () => this.store.get(entryKey(scope, key)));
    return this.hold(scope, entry);
  }

  private async hold(scope: string, entry: Entry | undefined): Promise<Entry | undefined> {
    const holds = entry !== undefined && !isOver(entry) && (await this.tagsHold(scope, entry));
    this.statistics.count(holds);
    return holds ? entry : undefined;
  }

  private async tagsHold(scope: string, entry: Entry): Promise<boolean> {
    if (entry.tags === undefined) return true;
    return (await this.bypassing('get', {}, () => this.versions.holdFor(entry, scope))) ?? false;
  }

  private async write(
    scope: string,
    key: string,
    value: unknown,
    { ttl, tags }: Write,
  ): Promise<void> {
    // What JSON cannot hold fails here, whatever becomes of failures of the store.
    const json: string | undefined = JSON.stringify(value);
    const name = entryKey(scope, key);
    if (json === undefined) return this.deleting(() => this.store.delete([name]));
    const lives = ttl ?? this.options.ttl;
    const entry = {
      json,
      ...(lives > 0 && { expires: Date.now() + lives }),
      ...(tags !== undefined && { tags }),
    };
    await this.bypassing('set', { key, value }, () => this.store.set(name, entry));
    this.emitter.emit('set', { key, value });
  }

  /** What `work` gives; undefined when the store fails and that is to be bypassed. */
  private async bypassing<T>(
    event: keyof Events,
    about: object,
    work: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.statistics.countFailure();
      this.emitter.emit(event, { ...about, error });
      if (this.options.onFailure === 'fail') throw error;
      return undefined;
    }
  }

  private async deleting(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.statistics.countFailure();
      throw error;
    }
  }
}

function entryKey(scope: string, key: string): string {
  return `${scope}key:${key}`;
}

function valueOf(entry: Entry | undefined): unknown {
  return entry === undefined ? undefined : JSON.parse(entry.json);
}

function isOver({ expires }: Entry): boolean {
  return expires !== undefined && expires <= Date.now();
}

function isEnding<T>({ expires }: Entry, value: T, options: WrapOptions<T>): boolean {
  const threshold = durationOf(options.refreshThreshold, value);
  return threshold !== undefined && expires !== undefined && expires - Date.now() < threshold;
}

function durationOf<T>(duration: Duration<T> | undefined, value: T): number | undefined {
  return typeof duration === 'function' ? duration(value) : duration;
}
