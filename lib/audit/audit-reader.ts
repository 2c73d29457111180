import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type SelectQueryBuilder } from 'typeorm';
import { runDetached } from '../context/tenant-context.js';
import { CENTRAL_DATA_SOURCE } from '../tenant/tokens.js';
import type { AuditEntry, AuditOutcome } from './audit-entry.js';
import type { AuditFilter, AuditQuery } from './audit-query.js';
import { AuditRow } from './audit-row.entity.js';

/** Rows that are in memory at once, of what is read as a whole. */
const PAGE = 1_000;

/** A page of entries. */
export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  /** What to pass as `after` for the next page; undefined on the last. */
  readonly next?: string;
}

/** Reads chains, in pages: by the key, so that a page costs the same wherever it is. */
@Injectable()
export class AuditReader {
  constructor(@Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource) {}

  async page(chain: string, query: AuditQuery): Promise<AuditPage> {
    const { order = 'newest', after, limit = 50 } = query;
    const rows = this.select(chain, query)
      .orderBy('entry.seq', order === 'newest' ? 'DESC' : 'ASC')
      .limit(limit + 1);
    if (after !== undefined) {
      const sign = order === 'newest' ? '<' : '>';
      rows.andWhere(`entry.seq ${sign} :after`, { after: Number(after) });
    }
    const found = await rows.getMany();
    const entries = found.slice(0, limit).map(entryOf);
    const last = entries.at(-1);
    return found.length > limit && last !== undefined
      ? { entries, next: String(last.seq) }
      : { entries };
  }

  /** Rows after `from` up to `to`, oldest first. */
  async *rows(chain: string, from: number, to: number, filter: AuditFilter = {}) {
    for (let after = from; ;) {
      const start = after;
      // Whoever goes through them may be in another context at each step.
      const page = await runDetached('read the audit log', () =>
        this.select(chain, filter)
          .andWhere('entry.seq > :start AND entry.seq <= :to', { start, to })
          .orderBy('entry.seq', 'ASC')
          .limit(PAGE)
          .getMany(),
      );
      yield* page;
      const last = page.at(-1);
      if (page.length < PAGE || last === undefined) return;
      after = Number(last.seq);
    }
  }

  async lastSeq(chain: string): Promise<number> {
    const [last] = await this.central.getRepository(AuditRow).find({
      where: { chain },
      select: { chain: true, seq: true },
      order: { seq: 'DESC' },
      take: 1,
    });
    return Number(last?.seq ?? 0);
  }

  /** The last entry before the first one that is as young as `time`. */
  async lastBefore(chain: string, time: Date): Promise<number> {
    const young = await this.central
      .getRepository(AuditRow)
      .createQueryBuilder('entry')
      .select('MIN(entry.seq)', 'seq')
      .where('entry.chain = :chain AND entry.at >= :time', { chain, time: time.getTime() })
      .getRawOne<{ readonly seq: number | string | null }>();
    if (young?.seq === null || young === undefined) return this.lastSeq(chain);
    return Number(young.seq) - 1;
  }

  private select(chain: string, filter: AuditFilter): SelectQueryBuilder<AuditRow> {
    const { action, from, to, outcome, actor, tenantId, requestId } = filter;
    const rows = this.central
      .getRepository(AuditRow)
      .createQueryBuilder('entry')
      .where('entry.chain = :chain', { chain });
    for (const [name, value] of Object.entries({ outcome, actor, tenantId, requestId })) {
      if (value !== undefined) rows.andWhere(`entry.${name} = :${name}`, { [name]: value });
    }
    if (action?.endsWith('*')) {
      const like = `${action.slice(0, -1).replace(/[!%_]/g, '!$&')}%`;
      rows.andWhere("entry.action LIKE :like ESCAPE '!'", { like });
    } else if (action !== undefined) rows.andWhere('entry.action = :action', { action });
    if (from !== undefined) rows.andWhere('entry.at >= :from', { from: from.getTime() });
    if (to !== undefined) rows.andWhere('entry.at < :until', { until: to.getTime() });
    return rows;
  }
}

export function entryOf(row: AuditRow): AuditEntry {
  const { chain, id, action, actor, tenantId, requestId, address, keyId, previous, hash } = row;
  return {
    chain,
    seq: Number(row.seq),
    id,
    at: new Date(Number(row.at)),
    action,
    outcome: row.outcome as AuditOutcome,
    actor,
    tenantId,
    requestId,
    address,
    details: detailsOf(row.details),
    keyId,
    previous,
    hash,
  };
}

/** A row that somebody has changed may hold anything; it is for `verify` to say so. */
function detailsOf(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
