import { runDetached } from '../context/tenant-context.js';
import type { ApiKeyRow } from './api-key.entity.js';

/** Ids in one SELECT. */
const BATCH = 500;

interface Waiting {
  readonly id: string;
  readonly resolve: (row: ApiKeyRow | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads keys with one query at a time, which takes all that were asked for meanwhile. So made-up keys, of which every one
 * has to be looked for, take one connection to the central database at most, however many come.
 */
export class BatchedReads {
  private waiting: Waiting[] = [];
  private busy = false;

  constructor(private readonly query: (ids: readonly string[]) => Promise<readonly ApiKeyRow[]>) {}

  /** @throws what the central database fails with */
  read(id: string): Promise<ApiKeyRow | null> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ id, resolve, reject });
      // Detached: the client of the request that asks first may go away.
      if (!this.busy) void runDetached('read API keys', () => this.work());
    });
  }

  private async work(): Promise<void> {
    this.busy = true;
    while (this.waiting.length > 0) await this.answer(this.waiting.splice(0, BATCH));
    this.busy = false;
  }

  private async answer(batch: readonly Waiting[]): Promise<void> {
    try {
      const found = await this.query(batch.map(({ id }) => id));
      const rows = new Map(found.map((row) => [row.id, row]));
      for (const { id, resolve } of batch) resolve(rows.get(id) ?? null);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
