import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CENTRAL_DATA_SOURCE } from '../tenant/tokens.js';
import { AuditChain } from './audit-chain.entity.js';
import { HEAD_CHANGED } from './audit-entry.js';
import { AuditKeys, NOTHING_BEFORE } from './audit-keys.js';
import { AuditReader } from './audit-reader.js';
import type { AuditRow } from './audit-row.entity.js';

/** How far a chain went at a time. Kept elsewhere, it proves later that nothing until then was taken back. */
export interface AuditCheckpoint {
  readonly chain: string;
  readonly seq: number;
  readonly hash: string;
}

export type AuditProblemKind = 'changed' | 'removed' | 'added' | 'head-changed' | 'key-missing';

/** The first thing that is wrong with a chain. */
export interface AuditProblem {
  readonly kind: AuditProblemKind;
  /** Of the entry that is wrong, or that is not there. */
  readonly seq: number;
  /** The entry's id, where it is there. */
  readonly id?: string;
  readonly text: string;
}

export interface AuditVerdict {
  readonly chain: string;
  readonly valid: boolean;
  /** How many entries were verified. */
  readonly entries: number;
  /** The last entry that was taken out into an archive; undefined when none was. */
  readonly archived?: AuditCheckpoint;
  /** Where the chain stands; undefined for one without entries. */
  readonly head?: AuditCheckpoint;
  /** The first one, when it is not valid. */
  readonly problem?: AuditProblem;
}

/** What entries are checked one by one with, in their order. */
export class ChainWalk {
  entries = 0;

  constructor(
    private readonly keys: AuditKeys,
    public seq: number,
    public hash: string,
  ) {}

  /** What is wrong with the next row, or undefined. */
  next(row: AuditRow): AuditProblem | undefined {
    const seq = Number(row.seq);
    const wanted = this.seq + 1;
    if (seq !== wanted) return problem('removed', wanted, undefined, 'it is not there');
    const check = this.keys.checkRow(row);
    if (check === 'key-missing') {
      const text = `it is signed under the key ${row.keyId}, which audit.keys does not hold`;
      return problem('key-missing', seq, row.id, text);
    }
    if (check === 'wrong') {
      return problem('changed', seq, row.id, 'its signature is not that of what it says');
    }
    if (row.previous !== this.hash) {
      return problem('changed', seq, row.id, 'it does not go on from the entry before it');
    }
    if (row.action === HEAD_CHANGED) {
      const text = 'the head of the chain had been changed when it was recorded';
      return problem('head-changed', seq, row.id, text);
    }
    this.seq = seq;
    this.hash = row.hash;
    this.entries += 1;
    return undefined;
  }
}

/** Goes through a chain from its first entry, or from where its archives end, to its head. */
@Injectable()
export class AuditVerifier {
  constructor(
    @Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource,
    private readonly keys: AuditKeys,
    private readonly reader: AuditReader,
  ) {}

  /** @throws AuditKeyMissingError without any key */
  async verify(chain: string, known?: AuditCheckpoint): Promise<AuditVerdict> {
    void this.keys.current;
    for (;;) {
      // The end of the rows first: what is recorded from now on moves the head as well.
      const last = await this.reader.lastSeq(chain);
      const head = await this.head(chain);
      const verdict = await this.walk(chain, head, last, known);
      // What was archived meanwhile was not there any more, and is nothing wrong.
      if (verdict.valid) return verdict;
      const now = await this.head(chain);
      if (Number(now?.archivedSeq ?? 0) === (verdict.archived?.seq ?? 0)) return verdict;
    }
  }

  private async walk(
    chain: string,
    head: AuditChain | null,
    last: number,
    known: AuditCheckpoint | undefined,
  ): Promise<AuditVerdict> {
    const from = Number(head?.archivedSeq ?? 0);
    const to = Number(head?.seq ?? 0);
    const walk = new ChainWalk(this.keys, from, head?.archivedHash ?? NOTHING_BEFORE);
    const end = (wrong?: AuditProblem): AuditVerdict => ({
      chain,
      valid: wrong === undefined,
      entries: walk.entries,
      ...(from > 0 && { archived: { chain, seq: from, hash: head?.archivedHash ?? '' } }),
      ...(head !== null && { head: { chain, seq: to, hash: head.hash } }),
      ...(wrong !== undefined && { problem: wrong }),
    });
    let passed = known === undefined || known.seq < from || holds(known, walk);
    for await (const row of this.reader.rows(chain, from, Math.max(to, last))) {
      const wrong = walk.next(row);
      if (wrong !== undefined) return end(wrong);
      if (known !== undefined && holds(known, walk)) passed = true;
      if (known?.seq === walk.seq && !passed) {
        return end(problem('changed', walk.seq, row.id, 'it is another than at the checkpoint'));
      }
    }
    return end(this.wrongAtEnd(head, walk, passed));
  }

  private wrongAtEnd(
    head: AuditChain | null,
    walk: ChainWalk,
    passed: boolean,
  ): AuditProblem | undefined {
    const next = walk.seq + 1;
    if (head === null) {
      if (walk.entries > 0) return problem('head-changed', next, undefined, 'there is no head');
    } else {
      const check = this.keys.checkHead(head);
      if (check === 'key-missing') {
        const text = `the head is signed under the key ${head.keyId}, which audit.keys does not hold`;
        return problem('key-missing', next, undefined, text);
      }
      const to = Number(head.seq);
      if (check === 'wrong') {
        return problem('head-changed', next, undefined, 'the signature of the head is not its own');
      }
      if (walk.seq < to) return problem('removed', next, undefined, 'the chain ends before it');
      if (walk.seq > to) return problem('added', to + 1, undefined, 'the chain ended before it');
      if (walk.hash !== head.hash) {
        return problem('changed', to, undefined, 'it is another than the head says');
      }
    }
    return passed
      ? undefined
      : problem('removed', next, undefined, 'the chain ends before the checkpoint');
  }

  private async head(chain: string): Promise<AuditChain | null> {
    return this.central.getRepository(AuditChain).findOneBy({ chain });
  }
}

function holds(known: AuditCheckpoint, { seq, hash }: ChainWalk): boolean {
  return known.seq === seq && known.hash === hash;
}

export function problem(
  kind: AuditProblemKind,
  seq: number,
  id: string | undefined,
  text: string,
): AuditProblem {
  return { kind, seq, ...(id !== undefined && { id }), text };
}
