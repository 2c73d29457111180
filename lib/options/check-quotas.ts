import { checkSection, isPlainObject } from './check-section.js';
import type { OptionIssue } from './errors.js';
import { isLimit, LIMIT_PROBLEM } from './is-limit.js';
import { BUILT_IN_KEYS, resolveCatalogue } from './quota-catalogue.js';
import { QuotaDefinition, type QuotaOptions } from './quota-options.js';
import { isTimeZone } from './time-zone.js';

/** What is wrong inside of the catalogue and the plans, and with the time zone. */
export function checkQuotas(quota: QuotaOptions | undefined): OptionIssue[] {
  if (!isPlainObject(quota)) return [];
  const { catalogue, plans, timeZone } = quota;
  const definitions = isPlainObject(catalogue) ? Object.entries(catalogue) : [];
  const known = new Set([...BUILT_IN_KEYS, ...definitions.map(([key]) => key)]);
  return [
    ...definitions.flatMap(([key, definition]) => checkDefinition(key, definition)),
    ...(isPlainObject(plans) ? Object.entries(plans) : []).flatMap(([name, plan]) =>
      checkPlan(`quota.plans.${name}`, plan, known),
    ),
    ...(typeof timeZone === 'string' && !isTimeZone(timeZone) ? [NO_TIME_ZONE] : []),
  ];
}

/** Whether the options count in a Redis that they do not name. */
export function checkQuotaStore(quota: QuotaOptions = {}, hasRedis: boolean): OptionIssue[] {
  return quota.store === 'redis' && !hasRedis ? [NO_REDIS] : [];
}

const NO_TIME_ZONE: OptionIssue = {
  path: 'quota.timeZone',
  problem: 'is no time zone that this node knows',
  remedy: "Give a name of the IANA database, such as 'Europe/Berlin'",
};

const NO_REDIS: OptionIssue = {
  path: 'quota.store',
  problem: 'is redis, while the options name none',
  remedy: "Give redis: { url: 'redis://host:6379' }, or count in the 'database'",
};

function checkDefinition(key: string, definition: unknown): OptionIssue[] {
  const path = `quota.catalogue.${key}`;
  if (!/^[a-z][a-z0-9_]{0,63}$/.test(key)) {
    const remedy = 'Use up to 64 small letters, digits and _, a letter first';
    return [{ path, problem: 'is no key', remedy }];
  }
  if (!isPlainObject(definition)) {
    return [{ path, problem: 'must be an object', remedy: 'Write {} for all defaults' }];
  }
  // A limit may be null, which is refused everywhere else.
  const { limit = 0, ...rest } = definition;
  const issues = checkSection(QuotaDefinition, { ...rest, ...(limit !== null && { limit }) }, path);
  if (issues.length > 0) return issues;
  const { kind, period, measure } = resolveCatalogue({ [key]: definition })[key];
  if (kind === 'gauge' && period !== 'none') {
    const remedy = 'Leave the period out, or make it a counter';
    return [{ path: `${path}.period`, problem: 'is given for a gauge, which has none', remedy }];
  }
  if (kind === 'counter' && measure !== undefined) {
    const remedy = "Say kind: 'gauge', or leave measure out";
    return [{ path: `${path}.measure`, problem: 'is given for a counter', remedy }];
  }
  return [];
}

function checkPlan(path: string, plan: unknown, known: ReadonlySet<string>): OptionIssue[] {
  if (!isPlainObject(plan)) {
    return [{ path, problem: 'must be an object', remedy: 'Write {} for the limits as they are' }];
  }
  return Object.entries(plan).flatMap(([key, limit]) => {
    if (!known.has(key)) {
      const remedy = `Define it in quota.catalogue. Known are: ${[...known].join(', ')}`;
      return [{ path: `${path}.${key}`, problem: 'is no quota', remedy }];
    }
    if (isLimit(limit)) return [];
    return [{ path: `${path}.${key}`, problem: LIMIT_PROBLEM, remedy: '0 blocks, null has none' }];
  });
}
