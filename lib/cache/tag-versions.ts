import { randomUUID } from 'node:crypto';
import type { Entry, EntryStore } from './stores/entry-store.js';

/** Of tags, by their names. */
export type Versions = Readonly<Record<string, string>>;

/**
 * A tag has a version, kept like an entry. An entry remembers the versions of its tags, and counts for as long as they
 * are the current ones; so flushing a tag is one write, however many entries have it. A version that is lost, for want
 * of memory say, is never used again.
 */
export class TagVersions {
  constructor(private readonly store: EntryStore) {}

  /** The current ones; of a tag that has none, a new one. */
  async current(scope: string, tags: readonly string[]): Promise<Versions> {
    const known = await this.read(scope, tags);
    const versions: Record<string, string> = {};
    for (const [index, tag] of tags.entries()) {
      versions[tag] = known[index] ?? (await this.renew(scope, tag));
    }
    return versions;
  }

  /** `entries`, without those that a tag was flushed of since. One read, however many tags they have. */
  async held(
    scope: string,
    entries: readonly (Entry | undefined)[],
  ): Promise<readonly (Entry | undefined)[]> {
    const tags = [...new Set(entries.flatMap((entry) => Object.keys(entry?.tags ?? {})))];
    if (tags.length === 0) return entries;
    const versions = await this.read(scope, tags);
    const current = new Map(tags.map((tag, index) => [tag, versions[index]]));
    const holds = (entry: Entry | undefined): boolean =>
      Object.entries(entry?.tags ?? {}).every(([tag, version]) => current.get(tag) === version);
    return entries.map((entry) => (holds(entry) ? entry : undefined));
  }

  async flush(scope: string, tags: readonly string[]): Promise<void> {
    await Promise.all(tags.map((tag) => this.renew(scope, tag)));
  }

  private async renew(scope: string, tag: string): Promise<string> {
    const version = randomUUID();
    await this.store.set(keyOf(scope, tag), { json: version });
    return version;
  }

  private async read(scope: string, tags: readonly string[]): Promise<(string | undefined)[]> {
    const entries = await this.store.getMany(tags.map((tag) => keyOf(scope, tag)));
    return entries.map((entry) => entry?.json);
  }
}

function keyOf(scope: string, tag: string): string {
  return `${scope}tag:${tag}`;
}
