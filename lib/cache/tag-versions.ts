import { randomUUID } from 'node:crypto';
import type { Entry, EntryStore } from './stores/entry-store.js';

type Versions = Readonly<Record<string, string>>;

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

  /** Whether `entry` has no tags, or none that was flushed since. */
  async holdFor({ tags }: Entry, scope: string): Promise<boolean> {
    if (tags === undefined) return true;
    const names = Object.keys(tags);
    const known = await this.read(scope, names);
    return names.every((tag, index) => known[index] === tags[tag]);
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
