import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource, In, type EntityManager } from 'typeorm';
import { runDetached } from '../context/tenant-context.js';
import { insert, isDuplicate, update } from '../tenant/central-rows.js';
import { CENTRAL_DATA_SOURCE } from '../tenant/tokens.js';
import { Turns } from '../tenant/turns.js';
import { AuditChain } from './audit-chain.entity.js';
import { CENTRAL_CHAIN, HEAD_CHANGED } from './audit-entry.js';
import { AuditKeys, NOTHING_BEFORE, type Unsigned } from './audit-keys.js';
import { AuditRow } from './audit-row.entity.js';
import { AuditKeyMissingError, AuditUnwrittenError } from './errors.js';

/** Rows in one transaction. */
const BATCH = 200;
/** Chains that a process writes to at once: the rest of the central connections is left to others. */
const AT_ONCE = 2;
/** How often a batch is tried, which a restarted server or a lost connection has refused. */
const TRIES = 3;

/** An entry without its place in the chain. */
export type Unplaced = Omit<Unsigned, 'seq' | 'keyId' | 'previous'>;

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
    @Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource,
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
      await this.tryToWrite(
        chain,
        batch.map(({ entry }) => entry),
      );
      for (const { written } of batch) written();
    } catch (cause) {
      for (const { failed } of batch) failed(new AuditUnwrittenError(chain, cause));
    }
  }

  private async tryToWrite(chain: string, entries: readonly Unplaced[]): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        const there = await this.central.transaction((manager) =>
          this.extend(manager, chain, entries, tries > 1),
        );
        if (there) return;
        await this.open(chain);
      } catch (error) {
        if (tries >= TRIES) throw error;
      }
    }
  }

  /** @returns false when the chain has no head yet */
  private async extend(
    manager: EntityManager,
    chain: string,
    entries: readonly Unplaced[],
    again: boolean,
  ): Promise<boolean> {
    const heads = manager.getRepository(AuditChain);
    // A write, which both engines lock the row by; what is read after it is as it is now.
    const locked = await update(heads, { chain }, { keyId: () => 'key_id' });
    const head = locked === 0 ? null : await heads.findOneBy({ chain });
    if (head === null) return false;
    const missing = again ? await missingOf(manager, entries) : [...entries];
    if (missing.length === 0) return true;
    const keyId = this.keys.current;
    let seq = Number(head.seq);
    const check = this.keys.checkHead(head);
    if (check === 'key-missing') throw new AuditKeyMissingError();
    if (check === 'wrong') {
      // It is about to be signed again: that it was changed must not be forgotten by it.
      missing.unshift(headChanged(chain));
      seq = Math.max(seq, await lastSeqOf(manager, chain));
    }
    let previous = head.hash;
    const rows = missing.map((entry) => {
      seq += 1;
      const row = { ...entry, seq, keyId, previous };
      previous = this.keys.hashOf(row);
      return { ...row, hash: previous };
    });
    await manager
      .getRepository(AuditRow)
      .createQueryBuilder()
      .insert()
      .values(rows)
      .callListeners(false)
      .execute();
    const moved = { ...head, seq, hash: previous, keyId };
    const signature = this.keys.signatureOf(moved);
    await update(heads, { chain }, { seq, hash: previous, keyId, signature });
    return true;
  }

  private async open(chain: string): Promise<void> {
    const keyId = this.keys.current;
    const none = { seq: 0, hash: NOTHING_BEFORE, archivedSeq: 0, archivedHash: NOTHING_BEFORE };
    const head = { chain, ...none, keyId };
    const tenantId = chain === CENTRAL_CHAIN ? null : chain;
    const signature = this.keys.signatureOf(head);
    try {
      await insert(this.central.getRepository(AuditChain), { ...head, tenantId, signature });
    } catch (error) {
      // Another process was first.
      if (!isDuplicate(error)) throw error;
    }
  }
}

/** Those whose commit was not answered, and did not happen. */
async function missingOf(
  manager: EntityManager,
  entries: readonly Unplaced[],
): Promise<Unplaced[]> {
  const ids = entries.map(({ id }) => id);
  const found = await manager.getRepository(AuditRow).find({
    where: { id: In(ids) },
    select: { chain: true, seq: true, id: true },
  });
  const there = new Set(found.map(({ id }) => id));
  return entries.filter(({ id }) => !there.has(id));
}

function headChanged(chain: string): Unplaced {
  return {
    chain,
    id: randomUUID(),
    at: Date.now(),
    action: HEAD_CHANGED,
    outcome: 'failed',
    actor: null,
    tenantId: chain === CENTRAL_CHAIN ? null : chain,
    requestId: null,
    address: null,
    details: null,
  };
}

async function lastSeqOf(manager: EntityManager, chain: string): Promise<number> {
  const [last] = await manager.getRepository(AuditRow).find({
    where: { chain },
    select: { chain: true, seq: true },
    order: { seq: 'DESC' },
    take: 1,
  });
  return Number(last?.seq ?? 0);
}
