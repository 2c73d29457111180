import { Inject, Injectable } from '@nestjs/common';
import { Brackets, DataSource, In, type SelectQueryBuilder } from 'typeorm';
import { Tenant } from '../tenant/tenant.entity.js';
import { CENTRAL_DATA_SOURCE } from '../tenant/tokens.js';
import { AuditChain } from './audit-chain.entity.js';
import { AUDIT_ARCHIVED, CENTRAL_CHAIN, type AuditOutcome } from './audit-entry.js';
import { AuditReader, entryOf } from './audit-reader.js';
import { AuditRow } from './audit-row.entity.js';
import { AuditVerifier, type AuditVerdict } from './audit-verifier.js';

/** Lines of a report: beyond them it is for `export()`. */
const MOST = 10_000;

export interface AuditReportQuery {
  readonly from: Date;
  /** Before this moment. */
  readonly to: Date;
  /** The tenant that it is about: its own chain, and what the central one says of it. Default: all. */
  readonly tenantId?: string;
}

/** Who did what to which tenant, how often. */
export interface AuditReportLine {
  readonly chain: string;
  readonly tenantId: string | null;
  /** Null for what is about no tenant, and for a tenant that is gone. */
  readonly slug: string | null;
  readonly actor: string | null;
  readonly action: string;
  readonly outcome: AuditOutcome;
  readonly entries: number;
  readonly first: Date;
  readonly last: Date;
}

/** How a chain stands, and how far back it reaches. */
export interface AuditReportChain extends AuditVerdict {
  readonly slug: string | null;
  /** When the oldest entry was recorded that is in the database; null without one. */
  readonly oldest: Date | null;
  /** What `audit.archived` tells of archives, as far as it is in the database: name, first and last entry, digest. */
  readonly archives: readonly unknown[];
}

export interface AuditReport {
  readonly at: Date;
  readonly from: Date;
  readonly to: Date;
  /** By tenant, actor and action. */
  readonly lines: readonly AuditReportLine[];
  /** There were more than 10,000 lines; the others are left out. */
  readonly truncated: boolean;
  /** Verified as a whole, not only of the time that is reported of. */
  readonly chains: readonly AuditReportChain[];
}

/** Which entries a report is of. */
export type AuditScope =
  { readonly chain: string } | { readonly about: string } | { readonly all: true };

/** A group of entries as the database gives it. */
interface Sum {
  readonly chain: string;
  readonly tenantId: string | null;
  readonly actor: string | null;
  readonly action: string;
  readonly outcome: AuditOutcome;
  readonly entries: number | string;
  readonly first: number | string;
  readonly last: number | string;
}

/** Adds up what was done, and verifies the chains that say so. */
@Injectable()
export class AuditReporter {
  constructor(
    @Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource,
    private readonly reader: AuditReader,
    private readonly verifier: AuditVerifier,
  ) {}

  async report(scope: AuditScope, from: Date, to: Date): Promise<AuditReport> {
    const at = new Date();
    const sums = await this.sums(scope, from, to);
    const chains = await this.chainsOf(scope);
    const slugs = await this.slugsOf([...chains, ...sums.map(({ tenantId }) => tenantId)]);
    const lines = sums.slice(0, MOST).map((sum) => ({
      ...sum,
      slug: slugs.get(sum.tenantId ?? '') ?? null,
      entries: Number(sum.entries),
      first: new Date(Number(sum.first)),
      last: new Date(Number(sum.last)),
    }));
    const states: AuditReportChain[] = [];
    for (const chain of chains) states.push(await this.stateOf(chain, slugs.get(chain) ?? null));
    return { at, from, to, lines, truncated: sums.length > MOST, chains: states };
  }

  private async sums(scope: AuditScope, from: Date, to: Date): Promise<readonly Sum[]> {
    const columns = ['chain', 'tenantId', 'actor', 'action', 'outcome'] as const;
    const sums = this.central
      .getRepository(AuditRow)
      .createQueryBuilder('entry')
      .select([])
      .where('entry.at >= :from AND entry.at < :to', { from: from.getTime(), to: to.getTime() });
    for (const column of columns) {
      sums.addSelect(`entry.${column}`, column).addGroupBy(`entry.${column}`);
    }
    for (const column of ['tenantId', 'actor', 'action', 'chain', 'outcome']) {
      sums.addOrderBy(`entry.${column}`, 'ASC');
    }
    return within(scope, sums)
      .addSelect('COUNT(*)', 'entries')
      .addSelect('MIN(entry.at)', 'first')
      .addSelect('MAX(entry.at)', 'last')
      .limit(MOST + 1)
      .getRawMany<Sum>();
  }

  private async chainsOf(scope: AuditScope): Promise<readonly string[]> {
    if ('chain' in scope) return [scope.chain];
    if ('about' in scope) return [CENTRAL_CHAIN, scope.about];
    const chains = await this.central
      .getRepository(AuditChain)
      .find({ select: { chain: true }, order: { chain: 'ASC' } });
    return chains.map(({ chain }) => chain);
  }

  private async slugsOf(ids: readonly (string | null)[]): Promise<ReadonlyMap<string, string>> {
    const known = [...new Set(ids)].filter((id) => id !== null && id !== CENTRAL_CHAIN);
    const tenants = await this.central
      .getRepository(Tenant)
      .find({ select: { id: true, slug: true }, where: { id: In(known) } });
    return new Map(tenants.map(({ id, slug }) => [id, slug]));
  }

  private async stateOf(chain: string, slug: string | null): Promise<AuditReportChain> {
    const verdict = await this.verifier.verify(chain);
    const [oldest] = (await this.reader.page(chain, { order: 'oldest', limit: 1 })).entries;
    const archives: unknown[] = [];
    const last = await this.reader.lastSeq(chain);
    for await (const row of this.reader.rows(chain, 0, last, { action: AUDIT_ARCHIVED })) {
      archives.push(entryOf(row).details);
    }
    return { ...verdict, slug, oldest: oldest?.at ?? null, archives };
  }
}

function within(
  scope: AuditScope,
  rows: SelectQueryBuilder<AuditRow>,
): SelectQueryBuilder<AuditRow> {
  if ('chain' in scope) return rows.andWhere('entry.chain = :chain', scope);
  if ('all' in scope) return rows;
  return rows.andWhere(
    new Brackets((either) =>
      either
        .where('entry.chain = :about', scope)
        .orWhere('(entry.chain = :central AND entry.tenantId = :about)', {
          ...scope,
          central: CENTRAL_CHAIN,
        }),
    ),
  );
}
