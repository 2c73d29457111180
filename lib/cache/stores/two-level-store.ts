import type { Signals } from '../../redis/signals.js';
import type { Entry, EntryStore } from './entry-store.js';
import type { MemoryStore } from './memory-store.js';

const TOPIC = 'cache';

/** What is not to be served from memory any more. */
type Invalidation = { readonly keys: readonly string[] } | { readonly prefix: string };

/**
 * Memory of this process in front of a store that processes share. A write leaves the memory of every process; the next
 * read brings it back. Where the word of a write is lost, memory is as old as its bound at the most.
 */
export class TwoLevelStore implements EntryStore {
  /** Reads that may put what they find in front, unless its key is written meanwhile. */
  private readonly reading = new Map<string, symbol>();
  private readonly stopListening: () => void;

  constructor(
    private readonly front: MemoryStore,
    private readonly back: EntryStore,
    private readonly signals: Signals,
  ) {
    this.stopListening = signals.on(TOPIC, {
      receive: (message) => this.forget(message as Invalidation),
      missed: () => this.forget({ prefix: '' }),
    });
  }

  async get(key: string): Promise<Entry | undefined> {
    const entry = this.front.peek(key);
    if (entry !== undefined) return entry;
    const [brought] = await this.bringToFront([key], async () => [await this.back.get(key)]);
    return brought;
  }

  async getMany(keys: readonly string[]): Promise<(Entry | undefined)[]> {
    const entries = new Map(keys.map((key) => [key, this.front.peek(key)]));
    const missing = [...entries.keys()].filter((key) => entries.get(key) === undefined);
    const brought = await this.bringToFront(missing, () => this.back.getMany(missing));
    for (const [index, key] of missing.entries()) entries.set(key, brought[index]);
    return keys.map((key) => entries.get(key));
  }

  async set(key: string, entry: Entry): Promise<void> {
    try {
      await this.back.set(key, entry);
    } finally {
      this.tell({ keys: [key] });
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    try {
      await this.back.delete(keys);
    } finally {
      this.tell({ keys });
    }
  }

  async clear(prefix: string): Promise<void> {
    try {
      await this.back.clear(prefix);
    } finally {
      this.tell({ prefix });
    }
  }

  async close(): Promise<void> {
    this.stopListening();
    await this.back.close();
  }

  /** What `read` gives for `keys`, in front from now on. */
  private async bringToFront(
    keys: readonly string[],
    read: () => Promise<(Entry | undefined)[]>,
  ): Promise<(Entry | undefined)[]> {
    const turn = Symbol('read');
    for (const key of keys) this.reading.set(key, turn);
    try {
      const entries = await read();
      for (const [index, entry] of entries.entries()) {
        const key = keys[index];
        if (key === undefined || entry === undefined || this.reading.get(key) !== turn) continue;
        await this.front.set(key, entry);
      }
      return entries;
    } finally {
      for (const key of keys) if (this.reading.get(key) === turn) this.reading.delete(key);
    }
  }

  /** After the write, also after one that failed: it may have been done. Heard here at once. */
  private tell(invalidation: Invalidation): void {
    void this.signals.publish(TOPIC, invalidation);
  }

  private forget(invalidation: Invalidation): void {
    if ('prefix' in invalidation) {
      this.reading.clear();
      void this.front.clear(invalidation.prefix);
      return;
    }
    for (const key of invalidation.keys) this.reading.delete(key);
    void this.front.delete(invalidation.keys);
  }
}
