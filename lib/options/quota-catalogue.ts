import type { QuotaDefinition } from './quota-options.js';

/** A quota with every default filled in. */
export type ResolvedQuota = Required<Omit<QuotaDefinition, 'measure'>> &
  Pick<QuotaDefinition, 'measure'>;

const GAUGE = { kind: 'gauge', period: 'none' } as const;

/** What there is without the app's own. Limits are in the unit that the key names. */
const BUILT_IN: Readonly<Record<string, QuotaDefinition>> = {
  storage_mb: { ...GAUGE, limit: 1_000 },
  users: { ...GAUGE, limit: 100 },
  monthly_bandwidth_gb: { kind: 'counter', period: 'month', limit: 100 },
  api_calls_per_day: { kind: 'counter', period: 'day', limit: 10_000 },
  monthly_emails: { kind: 'counter', period: 'month', limit: 1_000 },
  cron_jobs: { ...GAUGE, limit: 10 },
  webhooks: { ...GAUGE, limit: 25 },
  database_size_mb: { ...GAUGE, limit: 1_000 },
  file_storage_mb: { ...GAUGE, limit: 5_000 },
  // The pool keeps to it already, in each process.
  connections: { ...GAUGE, enforce: false },
};

export const BUILT_IN_KEYS: readonly string[] = Object.keys(BUILT_IN);

/** The built-in quotas, as the app has changed and completed them. */
export function resolveCatalogue(
  given: Readonly<Record<string, QuotaDefinition>>,
): Readonly<Record<string, ResolvedQuota>> {
  const keys = new Set([...BUILT_IN_KEYS, ...Object.keys(given)]);
  return Object.fromEntries(
    [...keys].map((key) => {
      const own = Object.entries(given[key] ?? {}).filter(([, value]) => value !== undefined);
      return [key, { ...DEFAULTS, ...BUILT_IN[key], ...Object.fromEntries(own) }];
    }),
  );
}

const DEFAULTS: ResolvedQuota = {
  kind: 'counter',
  period: 'none',
  limit: null,
  warningThreshold: 80,
  enforce: true,
  refuseWith: 429,
};
