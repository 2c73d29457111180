import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { CurrentTenant } from '../context/current-tenant.js';
import type { ResolvedQuota } from '../options/quota-catalogue.js';
import type { QuotaKey } from '../options/quota-options.js';
import { TenancyEvents } from '../tenant/tenancy-events.js';
import { toUnits } from './amounts.js';
import type { Quota } from './quota-terms.js';
import { MARK, type Mark } from './store/quota-store.js';
import { QuotaStores } from './store/quota-stores.js';

/** The payload of `quota.warning` and `quota.exceeded`. */
export interface QuotaEvent {
  readonly tenantId: string;
  readonly slug: string;
  readonly key: QuotaKey;
  /** Used and reserved, in the quota's unit. */
  readonly used: number;
  readonly limit: number;
  /** True where something was refused; false for a warning, and where it went beyond the limit. */
  readonly refused: boolean;
  /** The date, the month or the beginning of the period; empty for one that never begins anew. */
  readonly period: string;
}

/** Counters whose marks this process need not ask for again. */
const REMEMBERED = 50_000;

/**
 * Tells `quota.warning` when a tenant comes to a quota's threshold, and `quota.exceeded` when something is refused or
 * goes beyond the limit: each once in a period, whatever the number of processes. What never begins anew, a gauge say,
 * is told of again after it was below.
 */
@Injectable()
export class QuotaNotices {
  private readonly logger = new Logger('Tenancy');
  private readonly told = new LRUCache<string, true>({ max: REMEMBERED });

  constructor(
    private readonly stores: QuotaStores,
    private readonly events: TenancyEvents,
  ) {}

  /**
   * To be called with every level that was reached. Never rejects: what it is about has been counted already.
   * @returns at once where there is nothing to tell, as nearly always
   */
  consider(
    tenant: CurrentTenant,
    quota: Quota,
    taken: number,
    refused: boolean,
  ): Promise<void> | undefined {
    const { most, definition } = quota;
    if (!refused && (most === null || taken < thresholdOf(most, definition))) return undefined;
    const marks = marksOf(quota, taken, refused).filter((mark) => !this.isTold(quota, mark));
    return marks.length === 0 ? undefined : this.tellAll(tenant, quota, taken, refused, marks);
  }

  /** To be called when less is used than was: what is above no longer can be told of again. */
  async lowered(quota: Quota, taken: number): Promise<void> {
    if (quota.span.label !== '' || quota.most === null) return;
    const keep = marksOf(quota, taken, false).reduce((sum, mark) => sum | mark, 0);
    await this.stores.of(quota.counter).unmark(quota.counter, keep);
  }

  private isTold({ counter }: Quota, mark: Mark): boolean {
    // What never begins anew may be unmarked by another process.
    return counter.period !== '' && this.told.has(nameOf(counter, mark));
  }

  private async tellAll(
    { id, slug }: CurrentTenant,
    { key, limit, counter }: Quota,
    taken: number,
    refused: boolean,
    marks: readonly Mark[],
  ): Promise<void> {
    try {
      for (const mark of marks) {
        this.told.set(nameOf(counter, mark), true);
        if (!(await this.stores.of(counter).mark(counter, mark))) continue;
        const exceeded = mark === MARK.exceeded;
        await this.events.told(exceeded ? 'quota.exceeded' : 'quota.warning', {
          tenantId: id,
          slug,
          key,
          used: toUnits(taken),
          limit: limit ?? 0,
          refused: exceeded && refused,
          period: counter.period,
        } satisfies QuotaEvent);
      }
    } catch (error) {
      for (const mark of marks) this.told.delete(nameOf(counter, mark));
      this.logger.error(`Whether ${key} of "${slug}" was told of is not known: ${String(error)}`);
    }
  }
}

/** What a level gives reason to tell. */
function marksOf({ most, definition }: Quota, taken: number, refused: boolean): Mark[] {
  if (most === null || most === 0) return [];
  const warns = taken >= thresholdOf(most, definition);
  return [...(warns ? [MARK.warning] : []), ...(refused || taken > most ? [MARK.exceeded] : [])];
}

function thresholdOf(most: number, { warningThreshold }: ResolvedQuota): number {
  return (most * warningThreshold) / 100;
}

function nameOf(
  { tenantId, key, period }: { tenantId: string; key: string; period: string },
  mark: Mark,
): string {
  return `${tenantId}:${key}:${period}:${mark}`;
}
