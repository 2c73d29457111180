import { Keyv, type KeyvStoreAdapter } from 'keyv';
import { CacheClearRefusedError } from '../errors.js';
import { asEntry, timeLeft, type Entry, type EntryStore } from './entry-store.js';

/** Any store of Keyv. */
export class KeyvStore implements EntryStore {
  private readonly keyv: Keyv;

  constructor(given: Keyv | KeyvStoreAdapter) {
    // Keys are whole. A namespace would be one for all tenants, and its clear() would empty them all.
    this.keyv = given instanceof Keyv ? given : new Keyv({ store: given, useKeyPrefix: false });
    // Else a store that fails looks like one that is empty.
    this.keyv.throwOnErrors = true;
    this.keyv.on('error', () => {});
  }

  async get(key: string): Promise<Entry | undefined> {
    return asEntry(await this.keyv.get(key));
  }

  async getMany(keys: readonly string[]): Promise<(Entry | undefined)[]> {
    if (keys.length === 0) return [];
    const entries: unknown[] = await this.keyv.getMany([...keys]);
    return entries.map(asEntry);
  }

  async set(key: string, entry: Entry): Promise<void> {
    await this.keyv.set(key, entry, timeLeft(entry));
  }

  async delete(keys: readonly string[]): Promise<void> {
    if (keys.length > 0) await this.keyv.delete([...keys]);
  }

  async clear(prefix: string): Promise<void> {
    if (this.keyv.iterator === undefined) throw new CacheClearRefusedError();
    const keys: string[] = [];
    for await (const [key] of this.keyv.iterator(undefined) as AsyncIterable<[string, unknown]>) {
      if (key.startsWith(prefix)) keys.push(key);
    }
    await this.delete(keys);
  }

  async close(): Promise<void> {
    await this.keyv.disconnect();
  }
}
