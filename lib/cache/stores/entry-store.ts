/** What is kept under a key. */
export interface Entry {
  /** The value, as JSON: whoever changes what it was given changes nothing here. */
  readonly json: string;
  /** When it ends, in milliseconds since 1970; undefined for never. */
  readonly expires?: number;
  /** The versions that its tags had when its value was made. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** Keeps entries. Keys are whole: they begin with whose they are. */
export interface EntryStore {
  get(key: string): Promise<Entry | undefined>;
  getMany(keys: readonly string[]): Promise<(Entry | undefined)[]>;
  set(key: string, entry: Entry): Promise<void>;
  delete(keys: readonly string[]): Promise<void>;
  /** Deletes what begins with `prefix`, and nothing else. */
  clear(prefix: string): Promise<void>;
  close(): Promise<void>;
}

/** Narrows what came out of a store that others can write to. */
export function asEntry(value: unknown): Entry | undefined {
  return typeof value === 'object' && value !== null && 'json' in value
    ? (value as Entry)
    : undefined;
}

/** Milliseconds that `entry` has left, at least one; undefined when it does not end. */
export function timeLeft({ expires }: Entry): number | undefined {
  return expires === undefined ? undefined : Math.max(1, expires - Date.now());
}
