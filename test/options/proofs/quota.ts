import {
  QuotaService,
  type QuotaOptions,
  type TenancyModuleOptions,
  type TenantSettings,
} from '../../../lib/index.js';
import { QuotaHousekeeping } from '../../../lib/quota/quota-housekeeping.js';
import { startRedis } from '../../support/redis.js';
import type { AppOfEveryOption } from './app-of-every-option.js';
import type { Proofs } from './proof.js';

interface Parts {
  readonly quotas: QuotaService;
  readonly housekeeping: QuotaHousekeeping;
}

let count = 0;

/** Has `prove` run in a new tenant of an app that differs in `quota`. */
async function withQuotas(
  app: AppOfEveryOption,
  quota: QuotaOptions,
  prove: (parts: Parts) => Promise<void>,
  settings: TenantSettings = {},
  options: TenancyModuleOptions = {},
): Promise<void> {
  const { tenants, tenancy, context } = await app.other({ ...options, quota });
  const slug = `quota-${++count}`;
  await tenants.create({ slug, settings });
  try {
    await tenancy.run(slug, () =>
      prove({
        quotas: context.get(QuotaService),
        housekeeping: context.get(QuotaHousekeeping, { strict: false }),
      }),
    );
  } finally {
    await tenants.delete(slug, { confirm: slug, dropDatabase: true });
  }
}

const usersOf = ({ quotas }: Parts) => quotas.limits().users;

export const QUOTA_PROOFS: Proofs<AppOfEveryOption> = {
  async 'quota.store'(app) {
    const redis = await startRedis();
    try {
      const prove = async ({ quotas }: Parts) => {
        await quotas.consume('api_calls_per_day');
        await redis.kill();
        expect(await quotas.consume('api_calls_per_day')).toMatchObject({ used: 2 });
      };
      await withQuotas(app, { store: 'memory' }, prove, {}, { redis: { url: redis.url } });
    } finally {
      await redis.stop();
    }
  },
  'quota.catalogue': (app) =>
    withQuotas(app, { catalogue: { users: { limit: 7 } } }, async (parts) => {
      expect(usersOf(parts)).toBe(7);
    }),
  'quota.plans': (app) =>
    withQuotas(
      app,
      { plans: { pro: { users: 8 } } },
      async (parts) => {
        expect(usersOf(parts)).toBe(8);
      },
      { plan: 'pro' },
    ),
  'quota.planSetting': (app) =>
    withQuotas(
      app,
      { plans: { pro: { users: 8 } }, planSetting: 'contract' },
      async (parts) => {
        expect(usersOf(parts)).toBe(8);
      },
      { contract: 'pro' },
    ),
  'quota.limitsSetting': (app) =>
    withQuotas(
      app,
      { limitsSetting: 'limits' },
      async (parts) => {
        expect(usersOf(parts)).toBe(9);
      },
      { limits: { users: 9 } },
    ),
  'quota.timeZoneSetting': (app) =>
    withQuotas(
      app,
      { timeZoneSetting: 'zone' },
      async ({ quotas }) => {
        const { resetsAt } = await quotas.consume('api_calls_per_day');
        expect(resetsAt?.toISOString()).toMatch(/T18:15:00/);
      },
      { zone: 'Asia/Kathmandu' },
    ),
  'quota.timeZone': (app) =>
    withQuotas(app, { timeZone: 'Asia/Kathmandu' }, async ({ quotas }) => {
      const { resetsAt } = await quotas.consume('api_calls_per_day');
      expect(resetsAt?.toISOString()).toMatch(/T18:15:00/);
    }),
  'quota.logRetention': (app) =>
    withQuotas(app, { logRetention: 3 }, async ({ quotas, housekeeping }) => {
      await quotas.consume('api_calls_per_day');
      const day = 24 * 3_600_000;
      await housekeeping.tidy(Date.now() + 3 * day);
      expect(await quotas.history()).toHaveLength(1);
      await housekeeping.tidy(Date.now() + 4 * day);
      expect(await quotas.history()).toHaveLength(0);
    }),
};
