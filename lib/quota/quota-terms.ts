import { Inject, Injectable } from '@nestjs/common';
import type { CurrentTenant } from '../context/current-tenant.js';
import type { ResolvedQuota } from '../options/quota-catalogue.js';
import type { QuotaKey, QuotaLimit } from '../options/quota-options.js';
import { limitsOf, timeZoneOf } from '../options/quota-terms.js';
import type { ResolvedQuotas, ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { toParts } from './amounts.js';
import { QuotaUnknownError } from './errors.js';
import { QuotaPeriods, type PeriodSpan } from './quota-periods.js';
import type { Counter } from './store/quota-store.js';

/** A quota as it is for one tenant now. */
export interface Quota {
  readonly key: QuotaKey;
  readonly definition: ResolvedQuota;
  readonly limit: QuotaLimit;
  /** The limit in parts. */
  readonly most: number | null;
  readonly span: PeriodSpan;
  readonly counter: Counter;
}

interface Terms {
  readonly zone: string;
  readonly limits: ReadonlyMap<string, QuotaLimit>;
  /** The limits in parts. */
  readonly most: ReadonlyMap<string, number | null>;
}

/** Milliseconds that a count is kept after its period: for reservations that are committed then, and clocks that differ. */
const KEPT = 2 * 24 * 3_600_000;

/** What a tenant may use, by its settings, its plan and the catalogue; and which count is the one of now. */
@Injectable()
export class QuotaTerms {
  readonly periods = new QuotaPeriods();
  private readonly quotas: ResolvedQuotas;
  /** Goes with the tenant as the registry has it: a changed one is another object. */
  private readonly known = new WeakMap<CurrentTenant, Terms>();

  constructor(@Inject(TENANCY_OPTIONS) { quota }: ResolvedTenancyOptions) {
    this.quotas = quota;
  }

  get keys(): readonly QuotaKey[] {
    return Object.keys(this.quotas.catalogue) as QuotaKey[];
  }

  /** @throws QuotaUnknownError */
  definition(key: QuotaKey): ResolvedQuota {
    if (!Object.hasOwn(this.quotas.catalogue, key)) throw new QuotaUnknownError(key, this.keys);
    return this.quotas.catalogue[key];
  }

  /** @throws QuotaUnknownError, QuotaSettingsError */
  of(tenant: CurrentTenant, key: QuotaKey, now: number): Quota {
    const definition = this.definition(key);
    const { zone, limits, most } = this.termsOf(tenant);
    const span = this.periods.at(now, definition.period, zone);
    const expiresAt = Number.isFinite(span.end) ? span.end + KEPT : null;
    return {
      key,
      definition,
      limit: limits.get(key) ?? null,
      most: most.get(key) ?? null,
      span,
      counter: { tenantId: tenant.id, key, period: span.label, expiresAt },
    };
  }

  /** @throws QuotaSettingsError */
  limits(tenant: CurrentTenant): ReadonlyMap<string, QuotaLimit> {
    return this.termsOf(tenant).limits;
  }

  /** Today's date where the tenant is. */
  today(tenant: CurrentTenant, now: number): string {
    return this.periods.date(now, this.termsOf(tenant).zone);
  }

  private termsOf(tenant: CurrentTenant): Terms {
    const known = this.known.get(tenant);
    if (known !== undefined) return known;
    const limits = limitsOf(tenant, this.quotas);
    const inParts = [...limits].map(
      ([key, limit]) => [key, limit === null ? null : toParts(limit)] as const,
    );
    const terms = { zone: timeZoneOf(tenant, this.quotas), limits, most: new Map(inParts) };
    this.known.set(tenant, terms);
    return terms;
  }
}
