import type { Events } from 'cache-manager';
import type { CacheEvents } from './cache-events.js';
import type { ResolvedCacheOptions } from './cache-options.js';
import { CacheStatistics, type CacheStats } from './cache-statistics.js';
import type { Entry, EntryStore } from './stores/entry-store.js';
import { TagVersions, type Versions } from './tag-versions.js';

/**
 * The entries of a store, by scope and key: those that count, which are neither over nor flushed. A store that fails is
 * told of and counted, and bypassed where the options say so.
 */
export class Entries {
  private readonly statistics = new CacheStatistics();
  private readonly versions: TagVersions;

  constructor(
    private readonly store: EntryStore,
    private readonly options: Pick<ResolvedCacheOptions, 'ttl' | 'onFailure'>,
    private readonly events: CacheEvents,
  ) {
    this.versions = new TagVersions(store);
  }

  /** Counted as a hit or a miss. */
  async find(scope: string, key: string): Promise<Entry | undefined> {
    const entry = await this.bypassing('get', { key }, () => this.store.get(entryKey(scope, key)));
    // Most have no tags: they wait for nothing more.
    if (entry?.tags === undefined) return this.counted(entry);
    const [held] = await this.held(scope, [entry]);
    return this.counted(held);
  }

  /** As {@link find}, of several. */
  async findMany(scope: string, keys: readonly string[]): Promise<(Entry | undefined)[]> {
    const names = keys.map((key) => entryKey(scope, key));
    const found = await this.bypassing('mget', { keys }, () => this.store.getMany(names));
    const held = await this.held(scope, found ?? names.map(() => undefined));
    return held.map((entry) => this.counted(entry));
  }

  /** When it ends, in milliseconds since 1970; undefined when there is none, or it does not end. */
  async endOf(scope: string, key: string): Promise<number | undefined> {
    const entry = await this.bypassing('get', { key }, () => this.store.get(entryKey(scope, key)));
    return entry?.expires;
  }

  /**
   * Keeps a value, or deletes what is there: for undefined, and for one whose time is over before it begins.
   * @param ttl milliseconds; 0 or Infinity for no end. Default: the option `ttl`
   * @param tags their versions, where it has any
   */
  async write(
    scope: string,
    key: string,
    value: unknown,
    ttl = this.options.ttl,
    tags?: Versions,
  ): Promise<void> {
    // What JSON cannot hold fails here, whatever becomes of failures of the store.
    const json: string | undefined = JSON.stringify(value);
    if (json === undefined || !(ttl >= 0)) return this.remove(scope, [key]);
    const entry = {
      json,
      ...(ttl > 0 && ttl < Infinity && { expires: Date.now() + ttl }),
      ...(tags !== undefined && { tags }),
    };
    await this.bypassing('set', { key, value }, () => this.store.set(entryKey(scope, key), entry));
    this.events.emit('set', { key, value });
  }

  remove(scope: string, keys: readonly string[]): Promise<void> {
    return this.deleting(() => this.store.delete(keys.map((key) => entryKey(scope, key))));
  }

  /** All of a scope, and nothing else. */
  clear(scope: string): Promise<void> {
    return this.deleting(() => this.store.clear(scope));
  }

  /** The current versions of tags; undefined when the store failed, and what has them cannot be kept. */
  versionsOf(scope: string, key: string, tags: readonly string[]): Promise<Versions | undefined> {
    return this.bypassing('set', { key }, () => this.versions.current(scope, tags));
  }

  flush(scope: string, tags: readonly string[]): Promise<void> {
    return this.deleting(() => this.versions.flush(scope, tags));
  }

  stats(): CacheStats {
    return this.statistics.stats();
  }

  private counted(entry: Entry | undefined): Entry | undefined {
    const counts = entry !== undefined && !isOver(entry);
    this.statistics.count(counts);
    return counts ? entry : undefined;
  }

  /** Those of `entries` that no tag was flushed of; where that cannot be found out, those without tags. */
  private async held(
    scope: string,
    entries: readonly (Entry | undefined)[],
  ): Promise<readonly (Entry | undefined)[]> {
    const held = await this.bypassing('get', {}, () => this.versions.held(scope, entries));
    return held ?? entries.map((entry) => (entry?.tags === undefined ? entry : undefined));
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
      this.events.emit(event, { ...about, error });
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

/** What the entry of `key` is kept under. */
export function entryKey(scope: string, key: string): string {
  return `${scope}key:${key}`;
}

function isOver({ expires }: Entry): boolean {
  return expires !== undefined && expires <= Date.now();
}
