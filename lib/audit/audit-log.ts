import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { runDetached } from '../context/tenant-context.js';
import { Turns } from '../tenant/turns.js';
import { AuditKeys } from './audit-keys.js';
import { ChainWriter, type Unplaced } from './chain-writer.js';
import { AuditUnwrittenError } from './errors.js';

/** Rows in one transaction. */
const BATCH = 200;
/** Chains that a process writes to at once: the rest of the central connections is left to others. */
const AT_ONCE = 2;

interface Waiting {
  readonly entry: Unplaced;
  readonly written: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Extends the chains. Whoever records waits until the entry is committed, together with all the others that came to
 * that chain meanwhile: one transaction for them all, in which the row of the chain's head is locked first. So the
 * chain is one over all processes, and nothing is told to be done whose entry a killed process takes with it.
 */
@Injectable()
export class AuditLog implements BeforeApplicationShutdown {
  private readonly waiting = new Map<string, Waiting[]>();
  private readonly turns = new Turns(AT_ONCE);
  private readonly writing = new Set<Promise<void>>();

  constructor(
    private readonly writer: ChainWriter,
    private readonly keys: AuditKeys,
  ) {}

  /** @throws AuditKeyMissingError, AuditUnwrittenError */
  async append(entry: Unplaced): Promise<void> {
    // Without a key it is refused here, before anybody waits.
    void this.keys.current;
    const { chain } = entry;
    await new Promise<void>((written, failed) => {
      const waiting = this.waiting.get(chain);
      const one = { entry, written, failed };
      if (waiting !== undefined) return void waiting.push(one);
      this.waiting.set(chain, [one]);
      // Not in the context of whoever came first: the batch is of all, and must not be aborted with one.
      const done = runDetached('the audit log', () => this.writeAll(chain));
      this.writing.add(done);
      void done.finally(() => this.writing.delete(done));
    });
  }

  /** Before the connections are closed. */
  async beforeApplicationShutdown(): Promise<void> {
    while (this.writing.size > 0) await Promise.all(this.writing);
  }

  /** Until nobody waits. What comes while a batch is written is the next one. */
  private async writeAll(chain: string): Promise<void> {
    for (;;) {
      const more = await this.turns.take(async () => {
        const all = this.waiting.get(chain) ?? [];
        const batch = all.splice(0, BATCH);
        if (batch.length === 0) {
          this.waiting.delete(chain);
          return false;
        }
        await this.writeBatch(chain, batch);
        return true;
      });
      if (!more) return;
    }
  }

  private async writeBatch(chain: string, batch: readonly Waiting[]): Promise<void> {
    try {
      await this.writer.extend(
        chain,
        batch.map(({ entry }) => entry),
      );
      for (const { written } of batch) written();
    } catch (cause) {
      for (const { failed } of batch) failed(new AuditUnwrittenError(chain, cause));
    }
  }
}
