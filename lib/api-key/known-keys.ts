import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { Signals } from '../redis/signals.js';
import { ApiKeyRows } from './api-key-rows.js';
import { knownKeyOf, type KnownKey } from './known-key.js';

/** The topic of {@link Signals} on which {@link KeyChange}s are told, once they are committed. */
const KEY_CHANGES = 'api-keys';

interface KeyChange {
  readonly id: string;
}

/** Ids remembered as those of no key. Bounded, so that made-up keys cannot fill the memory. */
const MAX_UNKNOWN = 10_000;

/**
 * The keys by their ids: from memory, else from the central database, once, however many ask. A key that was changed is
 * forgotten at once in this process, within milliseconds in the others where they share a Redis, and after `apiKeys.ttl`
 * at the latest.
 */
@Injectable()
export class KnownKeys {
  private readonly keys: LRUCache<string, KnownKey>;
  private readonly unknown: LRUCache<string, true>;
  private readonly loading = new Map<string, Promise<KnownKey | null>>();
  /** Raised by every change: what was read before it is handed out, but not remembered. */
  private changes = 0;

  constructor(
    private readonly rows: ApiKeyRows,
    private readonly signals: Signals,
    @Inject(TENANCY_OPTIONS) { apiKeys }: ResolvedTenancyOptions,
  ) {
    const { maxKeys, ttl } = apiKeys;
    this.keys = new LRUCache({ max: maxKeys, ttl });
    this.unknown = new LRUCache({ max: MAX_UNKNOWN, ttl });
    signals.on(KEY_CHANGES, {
      receive: (change) => this.forget((change as KeyChange).id),
      missed: () => this.forget(),
    });
  }

  /** At once when it is known, else as a promise. */
  find(id: string): KnownKey | null | Promise<KnownKey | null> {
    const known = this.keys.get(id);
    if (known !== undefined) return known;
    if (this.unknown.get(id)) return null;
    return this.loading.get(id) ?? this.load(id);
  }

  /** Forgets a key in every process. To be called after a write that is committed. */
  invalidate(id: string): Promise<void> {
    return this.signals.publish(KEY_CHANGES, { id } satisfies KeyChange);
  }

  /** Without an id: all of them. */
  private forget(id?: string): void {
    this.changes += 1;
    // Whoever asks from now on must not be given what was read before.
    this.loading.clear();
    if (id !== undefined) this.keys.delete(id);
    else this.keys.clear();
    if (id !== undefined) this.unknown.delete(id);
    else if (this.unknown.size > 0) this.unknown.clear();
  }

  private load(id: string): Promise<KnownKey | null> {
    const loading = this.read(id).finally(() => {
      if (this.loading.get(id) === loading) this.loading.delete(id);
    });
    this.loading.set(id, loading);
    return loading;
  }

  private async read(id: string): Promise<KnownKey | null> {
    const { changes } = this;
    // Its time begins with the question: `apiKeys.ttl` bounds how old the answer is.
    const start = performance.now();
    const row = await this.rows.read(id);
    const known = row === null ? null : knownKeyOf(row);
    if (changes !== this.changes) return known;
    if (known === null) this.unknown.set(id, true, { start });
    else this.keys.set(id, known, { start });
    return known;
  }
}
