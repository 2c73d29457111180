import type { ConnectionShare, CurrentTenant } from '../context/current-tenant.js';
import { isPlainObject } from './check-section.js';
import { isLimit, LIMIT_PROBLEM } from './is-limit.js';
import type { QuotaLimit } from './quota-options.js';
import { QuotaSettingsError } from './quota-settings-error.js';
import type { ResolvedQuotas } from './resolve.js';
import { isTimeZone } from './time-zone.js';

type Settings = Pick<CurrentTenant, 'slug' | 'settings'>;

/**
 * The limits of a tenant, by key: its own, else its plan's, else the catalogue's.
 * @throws QuotaSettingsError for settings that say nothing of use: no limit is guessed
 */
export function limitsOf(tenant: Settings, quota: ResolvedQuotas): ReadonlyMap<string, QuotaLimit> {
  const own = ownLimits(tenant, quota);
  const plan = planOf(tenant, quota);
  const limits = Object.fromEntries(
    Object.entries(quota.catalogue).map(([key, { limit }]) => [key, limit]),
  );
  return new Map(Object.entries({ ...limits, ...plan, ...own }));
}

/** @throws QuotaSettingsError */
export function timeZoneOf({ slug, settings }: Settings, quota: ResolvedQuotas): string {
  const zone = settings[quota.timeZoneSetting] ?? quota.timeZone;
  if (typeof zone === 'string' && isTimeZone(zone)) return zone;
  throw new QuotaSettingsError(slug, quota.timeZoneSetting, 'is no time zone that this node knows');
}

/**
 * A tenant's ceiling in the pool, from the same plan as the rest: its limit of `connections`. Undefined where no plan
 * and no catalogue speaks of it.
 */
export function connectionShare(
  quota: ResolvedQuotas,
): ((tenant: CurrentTenant) => ConnectionShare) | undefined {
  const { catalogue, plans } = quota;
  const isNamed =
    catalogue.connections.limit !== null ||
    Object.values(plans).some(({ connections }) => connections !== undefined);
  if (!isNamed) return undefined;
  return (tenant) => {
    const max = connectionsOf(tenant, quota);
    return max === null ? {} : { max: Math.max(1, Math.floor(max)) };
  };
}

/** With settings that say nothing of use one at a time: who lists all tenants must not fail for one of them. */
function connectionsOf(tenant: Settings, quota: ResolvedQuotas): QuotaLimit {
  try {
    return limitsOf(tenant, quota).get('connections') ?? null;
  } catch (error) {
    if (error instanceof QuotaSettingsError) return 1;
    throw error;
  }
}

function ownLimits(
  { slug, settings }: Settings,
  { catalogue, limitsSetting }: ResolvedQuotas,
): Readonly<Record<string, QuotaLimit>> {
  const own = settings[limitsSetting] ?? {};
  if (!isPlainObject(own)) throw new QuotaSettingsError(slug, limitsSetting, 'must be an object');
  for (const [key, limit] of Object.entries(own)) {
    const path = `${limitsSetting}.${key}`;
    if (!(key in catalogue)) throw new QuotaSettingsError(slug, path, 'is no quota');
    if (!isLimit(limit)) throw new QuotaSettingsError(slug, path, LIMIT_PROBLEM);
  }
  return own as Record<string, QuotaLimit>;
}

function planOf(
  { slug, settings }: Settings,
  { plans, planSetting }: ResolvedQuotas,
): Readonly<Record<string, QuotaLimit>> {
  const name = settings[planSetting];
  if (name === undefined || name === null) return {};
  if (typeof name === 'string' && Object.hasOwn(plans, name)) return plans[name];
  const known = Object.keys(plans).join(', ') || 'none';
  throw new QuotaSettingsError(slug, planSetting, `names no plan of quota.plans: ${known}`);
}
