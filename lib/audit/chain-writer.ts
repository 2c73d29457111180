import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource, In, LessThanOrEqual, type EntityManager } from 'typeorm';
import { insert, isDuplicate, remove, update } from '../tenant/central-rows.js';
import { CENTRAL_DATA_SOURCE } from '../tenant/tokens.js';
import { AuditChain } from './audit-chain.entity.js';
import { CENTRAL_CHAIN, HEAD_CHANGED } from './audit-entry.js';
import { AuditKeys, NOTHING_BEFORE, type Unsigned } from './audit-keys.js';
import { AuditRow } from './audit-row.entity.js';
import { AuditChainBrokenError, AuditKeyMissingError } from './errors.js';

/** How often is tried what a restarted server or a lost connection has refused. */
const TRIES = 3;

/** An entry without its place in the chain. */
export type Unplaced = Omit<Unsigned, 'seq' | 'keyId' | 'previous'>;

/** Entries from `from` to `to`, the last of which has `hash`. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly hash: string;
}

/** Writes to the chains, in transactions in which the row of the chain's head is locked first. */
@Injectable()
export class ChainWriter {
  constructor(
    @Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource,
    private readonly keys: AuditKeys,
  ) {}

  /** @throws AuditKeyMissingError, and what the database refuses it with */
  async extend(chain: string, entries: readonly Unplaced[]): Promise<void> {
    await retry((again) =>
      this.extendBy(chain, async (manager) => (again ? missingOf(manager, entries) : entries)),
    );
  }

  /**
   * Adds what `read` gives and the chain does not have. It reads while the chain is locked: what it finds, nobody has added,
   * and taken out into an archive again, in between.
   * @throws AuditKeyMissingError, and what the databases refuse it with
   */
  async take(
    chain: string,
    read: (manager: EntityManager) => Promise<readonly Unplaced[]>,
  ): Promise<void> {
    await retry(() =>
      this.extendBy(chain, async (manager) => missingOf(manager, await read(manager))),
    );
  }

  /**
   * Takes out what was archived, and records it.
   * @returns false when another was first
   * @throws AuditChainBrokenError
   */
  async cut(chain: string, { from, to, hash }: Span, entry: Unplaced): Promise<boolean> {
    return retry((again) =>
      this.central.transaction(async (manager) => {
        const head = await lock(manager, chain);
        if (again && (await missingOf(manager, [entry])).length === 0) return true;
        if (head === null || Number(head.archivedSeq) !== from - 1) return false;
        if (this.keys.checkHead(head) !== 'right') throw brokenHead(head);
        await remove(manager.getRepository(AuditRow), { chain, seq: LessThanOrEqual(to) });
        await this.add(manager, head, [entry], { archivedSeq: to, archivedHash: hash });
        return true;
      }),
    );
  }

  /** @param entriesOf asked once the chain is locked */
  private async extendBy(
    chain: string,
    entriesOf: (manager: EntityManager) => Promise<readonly Unplaced[]>,
  ): Promise<void> {
    const write = async (manager: EntityManager) => {
      const head = await lock(manager, chain);
      if (head === null) return false;
      const entries = [...(await entriesOf(manager))];
      if (entries.length > 0) await this.add(manager, head, entries);
      return true;
    };
    while (!(await this.central.transaction(write))) await this.open(chain);
  }

  private async add(
    manager: EntityManager,
    head: AuditChain,
    entries: Unplaced[],
    archived: Pick<AuditChain, 'archivedSeq' | 'archivedHash'> = head,
  ): Promise<void> {
    const { chain } = head;
    const keyId = this.keys.current;
    let seq = Number(head.seq);
    const check = this.keys.checkHead(head);
    if (check === 'key-missing') throw new AuditKeyMissingError();
    if (check === 'wrong') {
      // It is about to be signed again: that it was changed must not be forgotten by it.
      entries.unshift(headChanged(chain));
      seq = Math.max(seq, await lastSeqOf(manager, chain));
    }
    let previous = head.hash;
    const rows = entries.map((entry) => {
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
    const { archivedSeq, archivedHash } = archived;
    const moved = { seq, hash: previous, archivedSeq, archivedHash, keyId };
    const signature = this.keys.signatureOf({ chain, ...moved });
    await update(manager.getRepository(AuditChain), { chain }, { ...moved, signature });
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

/** @param work told whether it was tried before */
async function retry<T>(work: (again: boolean) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work(tries > 1);
    } catch (error) {
      if (tries >= TRIES) throw error;
    }
  }
}

/** By a write, which both engines lock the row by; what is read after it is as it is now. */
async function lock(manager: EntityManager, chain: string): Promise<AuditChain | null> {
  const heads = manager.getRepository(AuditChain);
  const locked = await update(heads, { chain }, { keyId: () => 'key_id' });
  return locked === 0 ? null : heads.findOneBy({ chain });
}

/** Those that are not there: whose commit was not answered, and did not happen. */
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

export function brokenHead({ chain, seq }: AuditChain): AuditChainBrokenError {
  return new AuditChainBrokenError(
    chain,
    Number(seq),
    'the signature of the head is not its own, or under a key that audit.keys does not hold',
  );
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
