import { Inject, Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { DataSource } from 'typeorm';
import { CENTRAL_DATA_SOURCE } from '../tenant/tokens.js';
import { AuditChain } from './audit-chain.entity.js';
import { AUDIT_ARCHIVED } from './audit-entry.js';
import { AuditKeys } from './audit-keys.js';
import { AuditReader } from './audit-reader.js';
import { AuditRecorder } from './audit-recorder.js';
import type { AuditRow } from './audit-row.entity.js';
import { ChainWalk } from './audit-verifier.js';
import { keepInDirectory, type ArchiveKeeper } from './archive-keeper.js';
import { brokenHead, ChainWriter, type Span } from './chain-writer.js';
import { OutboxForwarder } from './entities/outbox-forwarder.js';
import { AuditArchiveUnreadError, AuditChainBrokenError, AuditQueryError } from './errors.js';

/** Entries in one archive: what is taken out of the database in one transaction. */
const MOST = 10_000;

export interface AuditArchiveOptions {
  /** What was recorded before it is taken out, from the front, up to the first entry that is younger. */
  readonly before: Date;
  /** A directory, which is made where there is none, or what keeps a file elsewhere. */
  readonly to: string | ArchiveKeeper;
}

/** One archive that was made. */
export interface AuditArchive {
  readonly name: string;
  readonly chain: string;
  /** Its first entry. */
  readonly from: number;
  /** Its last entry. */
  readonly to: number;
  /** Of its lines without the last one, in hex. */
  readonly sha256: string;
}

/**
 * Takes old entries out into archives. A file is there for good before its entries are deleted, and the head of the chain,
 * signed, says from where it goes on; so a killed process leaves at most a file of what is still in the database.
 */
@Injectable()
export class AuditArchiver {
  constructor(
    @Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource,
    private readonly keys: AuditKeys,
    private readonly reader: AuditReader,
    private readonly writer: ChainWriter,
    private readonly recorder: AuditRecorder,
    private readonly outboxes: OutboxForwarder,
  ) {}

  async archive(chain: string, { before, to }: AuditArchiveOptions): Promise<AuditArchive[]> {
    void this.keys.current;
    if (Number.isNaN(before.getTime())) throw new AuditQueryError('before must be a date');
    const keep = typeof to === 'string' ? keepInDirectory(to) : to;
    const last = await this.reader.lastBefore(chain, before);
    // Of these none waits in an outbox any more, from where it would be added again once it is taken out.
    await this.outboxes.settle(chain);
    const made: AuditArchive[] = [];
    for (;;) {
      const head = await this.central.getRepository(AuditChain).findOneBy({ chain });
      if (head === null || Number(head.archivedSeq) >= last) return made;
      const archive = await this.archiveNext(head, last, keep);
      if (archive !== undefined) made.push(archive);
    }
  }

  /** @returns undefined when another process has archived meanwhile */
  private async archiveNext(
    head: AuditChain,
    last: number,
    keep: ArchiveKeeper,
  ): Promise<AuditArchive | undefined> {
    if (this.keys.checkHead(head) !== 'right') throw brokenHead(head);
    const { chain } = head;
    const before = Number(head.archivedSeq);
    const from = before + 1;
    const to = Math.min(last, before + MOST);
    const walk = new ChainWalk(this.keys, before, head.archivedHash);
    const content = new ArchiveContent(this.keys, chain, walk, this.reader.rows(chain, before, to));
    const name = nameOf(chain, from, to);
    try {
      await keep(name, Readable.from(content.lines(to), { objectMode: false }));
    } catch (error) {
      if (await this.wentOn(head)) return undefined;
      throw error;
    }
    const { sha256 } = content;
    if (sha256 === undefined) throw new AuditArchiveUnreadError(name);
    const span: Span = { from, to, hash: walk.hash };
    const details = { name, from, to, sha256 };
    const entry = this.recorder.entryOf(chain, { action: AUDIT_ARCHIVED, details });
    return (await this.writer.cut(chain, span, entry)) ? { chain, ...details } : undefined;
  }

  private async wentOn({ chain, archivedSeq }: AuditChain): Promise<boolean> {
    const now = await this.central.getRepository(AuditChain).findOneBy({ chain });
    return now === null || Number(now.archivedSeq) > Number(archivedSeq);
  }
}

/** The lines of an archive: an entry on each, verified on the way, and the seal on the last. */
class ArchiveContent {
  /** Once all was read. */
  sha256?: string;

  constructor(
    private readonly keys: AuditKeys,
    private readonly chain: string,
    private readonly walk: ChainWalk,
    private readonly rows: AsyncIterable<AuditRow>,
  ) {}

  async *lines(to: number) {
    const { chain, walk } = this;
    const from = walk.seq + 1;
    const previous = walk.hash;
    const digest = createHash('sha256');
    for await (const row of this.rows) {
      const wrong = walk.next(row);
      if (wrong !== undefined) throw new AuditChainBrokenError(chain, wrong.seq, wrong.text);
      const line = `${JSON.stringify({ ...row, seq: Number(row.seq), at: Number(row.at) })}\n`;
      digest.update(line);
      yield line;
    }
    if (walk.seq < to) throw new AuditChainBrokenError(chain, walk.seq + 1, 'it is not there');
    const sha256 = digest.digest('hex');
    const archive = this.keys.seal({ chain, from, to, previous, hash: walk.hash, sha256 });
    yield `${JSON.stringify({ archive })}\n`;
    this.sha256 = sha256;
  }
}

function nameOf(chain: string, from: number, to: number): string {
  const [first, last] = [from, to].map((seq) => String(seq).padStart(12, '0'));
  return `audit-${chain}-${first}-${last}.ndjson`;
}
