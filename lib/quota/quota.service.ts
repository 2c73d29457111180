import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { CurrentTenant } from '../context/current-tenant.js';
import { requireTenant } from '../context/tenant-context.js';
import type { QuotaKey, QuotaLimit } from '../options/quota-options.js';
import { toParts } from './amounts.js';
import { QuotaExceededError, QuotaNotMeasuredError, QuotaReservationEndedError } from './errors.js';
import { QuotaMeasures } from './quota-measures.js';
import { QuotaNotices } from './quota-notices.js';
import type { QuotaReservation } from './quota-reservation.js';
import { stateOf, type QuotaState } from './quota-state.js';
import { QuotaTerms, type Quota } from './quota-terms.js';
import { QuotaStores } from './store/quota-stores.js';
import { UsageLog, type UsageQuery, type UsageSum } from './usage-log.js';

/** What is used of one quota. */
export interface QuotaUse {
  readonly key: QuotaKey;
  /** In the quota's unit, from 0 to a billion; counted in millionths. */
  readonly cost: number;
}

export interface UseOptions {
  /** What it is used for, in the usage log: a route, a job. Up to 64 characters. Default `app`. */
  readonly source?: string;
}

export interface ReserveOptions extends UseOptions {
  /** Milliseconds after which it is given back by itself. Default 60,000. */
  readonly time?: number;
}

const RESERVED_FOR = 60_000;
const SOURCE = 64;

/**
 * What the tenant of the running code uses, and may use. Counting is exact: however many processes ask at once, what is
 * used and reserved together never goes above a limit that is enforced.
 *
 * Every method needs a tenant (TenantContextMissingError), refuses a key that is not in the catalogue
 * (QuotaUnknownError) and settings that say nothing of use (QuotaSettingsError), and fails with the store that counts
 * (RedisUnavailableError).
 */
@Injectable()
export class QuotaService {
  constructor(
    private readonly terms: QuotaTerms,
    private readonly stores: QuotaStores,
    private readonly notices: QuotaNotices,
    private readonly measures: QuotaMeasures,
    private readonly log: UsageLog,
  ) {}

  /**
   * Uses `cost` of a quota, or nothing.
   * @param cost default 1; with 0 it only asks whether the limit is kept
   * @throws QuotaExceededError when there is not so much left
   */
  async consume(key: QuotaKey, cost = 1, options: UseOptions = {}): Promise<QuotaState> {
    const tenant = requireTenant('QuotaService.consume()');
    const now = Date.now();
    const quota = this.terms.of(tenant, key, now);
    refuseBlocked(tenant, quota, cost);
    const take = { counter: quota.counter, amount: toParts(cost), limit: enforced(quota) };
    const {
      taken: [taken],
      refused,
    } = await this.stores.take([take], now);
    if (refused !== undefined) throw await this.refusal(tenant, quota, cost, taken);
    return this.taken(tenant, quota, take.amount, taken, now, options);
  }

  /**
   * Uses several quotas in one round trip: all of them, or none.
   * @throws QuotaExceededError for the first that has not so much left
   */
  consumeAll(uses: readonly QuotaUse[], options: UseOptions = {}): Promise<readonly QuotaState[]> {
    if (uses.length !== 1) return this.consumeSeveral(uses, options);
    const [{ key, cost }] = uses;
    return this.consume(key, cost, options).then((state) => [state]);
  }

  private async consumeSeveral(
    uses: readonly QuotaUse[],
    options: UseOptions,
  ): Promise<readonly QuotaState[]> {
    const tenant = requireTenant('QuotaService.consumeAll()');
    if (uses.length === 0) return [];
    const now = Date.now();
    const merged = mergeUses(uses);
    const quotas = merged.map(({ key }) => this.terms.of(tenant, key, now));
    quotas.forEach((quota, index) => refuseBlocked(tenant, quota, merged[index].cost));
    const takes = quotas.map((quota, index) => ({
      counter: quota.counter,
      amount: toParts(merged[index].cost),
      limit: enforced(quota),
    }));
    const { taken, refused } = await this.stores.take(takes, now);
    if (refused !== undefined) {
      const { key, cost } = merged[refused];
      throw await this.refusal(tenant, this.terms.of(tenant, key, now), cost, taken[refused]);
    }
    const states: QuotaState[] = [];
    for (const [index, quota] of quotas.entries()) {
      const { amount } = takes[index];
      states.push(await this.taken(tenant, quota, amount, taken[index], now, options));
    }
    return states;
  }

  /**
   * Keeps a part of a quota for work whose cost is known later.
   *
   * ```ts
   * const reservation = await this.quotas.reserve('storage_mb', 100);
   * try {
   *   await reservation.commit(await this.upload());
   * } finally {
   *   await reservation.release();
   * }
   * ```
   * @throws QuotaExceededError when there is not so much left
   */
  async reserve(
    key: QuotaKey,
    amount: number,
    { time = RESERVED_FOR, ...options }: ReserveOptions = {},
  ): Promise<QuotaReservation> {
    const tenant = requireTenant('QuotaService.reserve()');
    const now = Date.now();
    const quota = this.terms.of(tenant, key, now);
    refuseBlocked(tenant, quota, amount);
    const { counter } = quota;
    const store = this.stores.of(counter);
    const id = randomUUID();
    const until = now + time;
    const take = { counter, amount: toParts(amount), limit: enforced(quota) };
    const { taken, refused } = await store.reserve(take, id, until, now);
    if (refused) throw await this.refusal(tenant, quota, amount, taken);
    await this.notices.consider(tenant, quota, taken, false);
    return {
      id,
      key,
      amount,
      until: new Date(until),
      commit: (used = amount) => this.commit(tenant, quota, id, used, options),
      release: async () => {
        await store.release(counter, id, Date.now());
      },
    };
  }

  /** Less of a quota is used: a user was deleted, an e-mail was not sent. Never goes below 0. */
  async giveBack(key: QuotaKey, amount = 1, options: UseOptions = {}): Promise<void> {
    const tenant = requireTenant('QuotaService.giveBack()');
    const now = Date.now();
    const quota = this.terms.of(tenant, key, now);
    const parts = toParts(amount);
    const taken = await this.stores.of(quota.counter).giveBack(quota.counter, parts);
    this.write(tenant, quota, -parts, now, options);
    await this.notices.lowered(quota, taken);
  }

  /** So much of a quota is used, as the app has found out. What is reserved stays so beside it. */
  async set(key: QuotaKey, amount: number): Promise<void> {
    const tenant = requireTenant('QuotaService.set()');
    await this.level(tenant, this.terms.of(tenant, key, Date.now()), toParts(amount));
  }

  /**
   * Measures gauges, and counts on from what was found.
   * @param keys default: all that something measures
   * @throws QuotaNotMeasuredError for a key that nothing measures; QuotaMeasureError
   */
  async measure(keys?: readonly QuotaKey[]): Promise<readonly QuotaState[]> {
    const tenant = requireTenant('QuotaService.measure()');
    const wanted = keys ?? this.terms.keys.filter((key) => this.measureOf(key) !== undefined);
    for (const key of wanted) {
      const measure = this.measureOf(key);
      if (measure === undefined) throw new QuotaNotMeasuredError(key);
      const found = await this.measures.take(key, measure, tenant);
      await this.level(tenant, this.terms.of(tenant, key, Date.now()), found);
    }
    const states = await this.usage(wanted);
    return states.filter((state) => state !== null);
  }

  /**
   * How the tenant stands with its quotas, in the order of `keys`. Null for a gauge that was never measured, told nor
   * used: how much there is, nobody knows.
   * @param keys default: all of the catalogue
   */
  async usage(
    keys: readonly QuotaKey[] = this.terms.keys,
  ): Promise<readonly (QuotaState | null)[]> {
    const tenant = requireTenant('QuotaService.usage()');
    const now = Date.now();
    const quotas = keys.map((key) => this.terms.of(tenant, key, now));
    const states = new Map<QuotaKey, QuotaState | null>();
    for (const store of this.stores.all) {
      const own = quotas.filter(({ counter }) => this.stores.of(counter) === store);
      const levels = await store.read(
        own.map(({ counter }) => counter),
        now,
      );
      own.forEach((quota, index) => {
        const { taken, reserved, known } = levels[index];
        const isUnknown = !known && quota.definition.kind === 'gauge';
        states.set(quota.key, isUnknown ? null : stateOf(quota, taken, reserved));
      });
    }
    return keys.map((key) => states.get(key) ?? null);
  }

  /** The tenant's limits by key: its own, its plan's, the catalogue's. */
  limits(): Readonly<Record<QuotaKey, QuotaLimit>> {
    const limits = this.terms.limits(requireTenant('QuotaService.limits()'));
    return Object.fromEntries(limits) as Record<QuotaKey, QuotaLimit>;
  }

  /** What was used, added up by day, key and source. What other processes used in the last seconds is not in it yet. */
  async history(query: UsageQuery = {}): Promise<readonly UsageSum[]> {
    const { id } = requireTenant('QuotaService.history()');
    await this.log.flush();
    return this.log.sumsOf(id, query);
  }

  /** What is told and logged of a use that passed. At once, but for what is to be told. */
  private taken(
    tenant: CurrentTenant,
    quota: Quota,
    parts: number,
    taken: number,
    now: number,
    options: UseOptions,
  ): QuotaState | Promise<QuotaState> {
    this.write(tenant, quota, parts, now, options);
    const state = stateOf(quota, taken, 0);
    return this.notices.consider(tenant, quota, taken, false)?.then(() => state) ?? state;
  }

  private async commit(
    tenant: CurrentTenant,
    quota: Quota,
    id: string,
    used: number,
    options: UseOptions,
  ): Promise<void> {
    const { key, counter } = quota;
    const now = Date.now();
    const take = { counter, amount: toParts(used), limit: enforced(quota) };
    const outcome = await this.stores.of(counter).commit(take, id, now);
    if (outcome === undefined) throw new QuotaReservationEndedError(key, id);
    if (outcome.refused) throw await this.refusal(tenant, quota, used, outcome.taken);
    this.write(tenant, quota, take.amount, now, options);
    await this.notices.consider(tenant, quota, outcome.taken, false);
  }

  private async level(tenant: CurrentTenant, quota: Quota, parts: number): Promise<void> {
    const taken = await this.stores.of(quota.counter).set(quota.counter, parts);
    await this.notices.lowered(quota, taken);
    await this.notices.consider(tenant, quota, taken, false);
  }

  private async refusal(
    tenant: CurrentTenant,
    quota: Quota,
    cost: number,
    taken: number,
  ): Promise<QuotaExceededError> {
    await this.notices.consider(tenant, quota, taken, true);
    return exceeded(tenant, quota, cost, taken);
  }

  private write(
    tenant: CurrentTenant,
    { key }: Quota,
    parts: number,
    now: number,
    { source = 'app' }: UseOptions,
  ): void {
    if (parts === 0) return;
    this.log.add(tenant.id, this.terms.today(tenant, now), key, source.slice(0, SOURCE), parts);
  }

  private measureOf(key: QuotaKey) {
    return this.measures.of(key, this.terms.definition(key));
  }
}

/** What is used twice at once is used as a whole. */
function mergeUses(uses: readonly QuotaUse[]): readonly QuotaUse[] {
  const costs = new Map<QuotaKey, number>();
  for (const { key, cost } of uses) costs.set(key, (costs.get(key) ?? 0) + cost);
  return [...costs].map(([key, cost]) => ({ key, cost }));
}

/** A limit of 0 blocks, also what costs nothing. */
function refuseBlocked(tenant: CurrentTenant, quota: Quota, cost: number): void {
  if (enforced(quota) === 0) throw exceeded(tenant, quota, cost, 0);
}

function enforced({ definition, most }: Quota): number | null {
  return definition.enforce ? most : null;
}

function exceeded({ slug }: CurrentTenant, quota: Quota, cost: number, taken: number) {
  const { refuseWith } = quota.definition;
  return new QuotaExceededError(slug, stateOf(quota, taken, 0), cost, refuseWith);
}
