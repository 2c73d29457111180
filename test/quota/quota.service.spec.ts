import type { QuotaOptions, TenantSettings } from '../../lib/index.js';
import { engines } from '../support/engines.js';
import { codeOf } from '../support/rejection.js';
import { until } from '../support/until.js';
import { startQuotaApp, type QuotaApp } from './quota-app.js';
import { preparePlace, type PreparedPlace, type QuotaPlace } from './quota-places.js';

const QUOTA: QuotaOptions = {
  catalogue: {
    imports: { limit: 10 },
    exports_per_day: { period: 'day', limit: 10 },
    seats: { kind: 'gauge', limit: 10 },
    watched: { period: 'day', limit: 10, enforce: false },
    paid: { limit: 1, refuseWith: 402 },
    megabytes: { period: 'month', limit: 1 },
  },
  plans: { pro: { exports_per_day: 20, imports: null }, none: { exports_per_day: 0 } },
};

declare module '../../lib/options/quota-options.js' {
  interface QuotaKeys {
    imports: true;
    exports_per_day: true;
    requests_per_minute: true;
    seats: true;
    watched: true;
    paid: true;
    megabytes: true;
  }
}

const stores = ['memory', 'database', 'redis'] as const;
const places: readonly QuotaPlace[] = engines.flatMap((engine) =>
  stores
    .filter((store) => store === 'database' || engine === engines[0])
    .map((store) => ({ engine, store, name: `${store} (${engine.name})` })),
);

describe.each(places)('quotas in $name', (quotaPlace) => {
  const { store } = quotaPlace;
  let place: PreparedPlace;
  let app: QuotaApp;
  let count = 0;

  beforeAll(async () => {
    place = await preparePlace(quotaPlace);
    app = await startQuotaApp(place.setup, { ...QUOTA, store }, place.redis?.url);
  });
  afterAll(async () => {
    await app.close();
    await place.cleanUp();
  });

  /** Runs `work` for a new tenant. */
  async function inTenant(work: () => unknown, settings: TenantSettings = {}) {
    const tenant = await app.tenants.create({ slug: `tenant-${++count}`, settings });
    await app.tenancy.run(tenant.slug, work);
  }

  it('counts up to the limit, and refuses what goes beyond it as a whole', () =>
    inTenant(async () => {
      expect(await app.quotas.consume('exports_per_day', 7)).toMatchObject({
        used: 7,
        limit: 10,
        remaining: 3,
        percentage: 70,
        status: 'ok',
      });
      await expect(app.quotas.consume('exports_per_day', 4)).rejects.toMatchObject({
        code: 'QUOTA_EXCEEDED',
        status: 429,
        cost: 4,
        state: { used: 7, remaining: 3 },
      });
      expect(await app.quotas.consume('exports_per_day', 3)).toMatchObject({
        remaining: 0,
        status: 'exceeded',
      });
      expect(await codeOf(() => app.quotas.consume('exports_per_day'))).toBe('QUOTA_EXCEEDED');
    }));

  it('counts fractions without drifting', () =>
    inTenant(async () => {
      for (let index = 0; index < 10; index += 1) await app.quotas.consume('megabytes', 0.1);
      expect(await app.quotas.usage(['megabytes'])).toMatchObject([{ used: 1, remaining: 0 }]);
      expect(await codeOf(() => app.quotas.consume('megabytes', 0.000001))).toBe('QUOTA_EXCEEDED');
    }));

  it('one tenant that has used all takes nothing from another', async () => {
    await inTenant(async () => {
      await app.quotas.consume('exports_per_day', 10);
      expect(await codeOf(() => app.quotas.consume('exports_per_day'))).toBe('QUOTA_EXCEEDED');
    });
    await inTenant(async () => {
      expect(await app.quotas.consume('exports_per_day')).toMatchObject({ used: 1 });
    });
  });

  it('of many at once exactly as many as the limit says pass', () =>
    inTenant(async () => {
      for (const key of ['exports_per_day', 'imports'] as const) {
        const outcomes = await Promise.allSettled(
          Array.from({ length: 50 }, () => app.quotas.consume(key)),
        );
        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
        expect(await app.quotas.usage([key])).toMatchObject([{ used: 10 }]);
      }
    }));

  it('uses several at once: all of them, or none', () =>
    inTenant(async () => {
      await app.quotas.consume('imports', 9);
      const both = (imports: number) =>
        app.quotas.consumeAll([
          { key: 'exports_per_day', cost: 2 },
          { key: 'imports', cost: imports },
          { key: 'megabytes', cost: 0.5 },
        ]);
      await expect(both(2)).rejects.toMatchObject({ state: { key: 'imports', used: 9 } });
      expect(await app.quotas.usage(['exports_per_day', 'imports', 'megabytes'])).toMatchObject([
        { used: 0 },
        { used: 9 },
        { used: 0 },
      ]);
      expect(await both(1)).toMatchObject([{ used: 2 }, { used: 10 }, { used: 0.5 }]);
    }));

  it('what is named twice is used twice', () =>
    inTenant(async () => {
      const twice = [
        { key: 'imports', cost: 6 },
        { key: 'imports', cost: 6 },
      ] as const;
      expect(await codeOf(() => app.quotas.consumeAll(twice))).toBe('QUOTA_EXCEEDED');
    }));

  describe('a reservation', () => {
    it('takes room until it is committed with what was used', () =>
      inTenant(async () => {
        const reservation = await app.quotas.reserve('exports_per_day', 8);
        expect(await codeOf(() => app.quotas.consume('exports_per_day', 3))).toBe('QUOTA_EXCEEDED');
        expect(await app.quotas.usage(['exports_per_day'])).toMatchObject([
          { used: 0, reserved: 8, remaining: 2 },
        ]);
        await reservation.commit(5);
        expect(await app.quotas.usage(['exports_per_day'])).toMatchObject([
          { used: 5, reserved: 0, remaining: 5 },
        ]);
        expect(await codeOf(() => reservation.commit(5))).toBe('QUOTA_RESERVATION_ENDED');
        await reservation.release();
        expect(await app.quotas.usage(['exports_per_day'])).toMatchObject([{ used: 5 }]);
      }));

    it('is released, also twice', () =>
      inTenant(async () => {
        const reservation = await app.quotas.reserve('imports', 8);
        await reservation.release();
        await reservation.release();
        expect(await app.quotas.usage(['imports'])).toMatchObject([{ used: 0, reserved: 0 }]);
        expect(await codeOf(() => reservation.commit())).toBe('QUOTA_RESERVATION_ENDED');
      }));

    it('may take more than it holds while there is room, and stays where there is none', () =>
      inTenant(async () => {
        const [first, second] = [
          await app.quotas.reserve('imports', 4),
          await app.quotas.reserve('imports', 4),
        ];
        await first.commit(6);
        await expect(second.commit(5)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
        await second.commit(4);
        expect(await app.quotas.usage(['imports'])).toMatchObject([{ used: 10, reserved: 0 }]);
      }));

    it('is given back when its time is up', () =>
      inTenant(async () => {
        const reservation = await app.quotas.reserve('exports_per_day', 10, { time: 0 });
        await app.quotas.consume('exports_per_day', 10);
        expect(await codeOf(() => reservation.commit())).toBe('QUOTA_RESERVATION_ENDED');
        expect(await app.quotas.usage(['exports_per_day'])).toMatchObject([
          { used: 10, reserved: 0 },
        ]);
      }));

    it('many at once never go beyond the limit, and leave nothing behind', () =>
      inTenant(async () => {
        let used = 0;
        const worker = async (_: unknown, index: number) => {
          try {
            const reservation = await app.quotas.reserve('imports', 1);
            if (index % 3 === 0) return await reservation.release();
            await reservation.commit(index % 3 === 1 ? 0.25 : 1);
            used += index % 3 === 1 ? 0.25 : 1;
          } catch (error) {
            expect(error).toMatchObject({ code: 'QUOTA_EXCEEDED' });
          }
        };
        await Promise.all(Array.from({ length: 40 }, worker));
        expect(used).toBeGreaterThan(0);
        expect(used).toBeLessThanOrEqual(10);
        expect(await app.quotas.usage(['imports'])).toMatchObject([{ used, reserved: 0 }]);
      }));

    it('committed by two at once counts once', () =>
      inTenant(async () => {
        const reservation = await app.quotas.reserve('imports', 3);
        const outcomes = await Promise.allSettled([1, 2, 3].map(() => reservation.commit()));
        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        expect(await app.quotas.usage(['imports'])).toMatchObject([{ used: 3, reserved: 0 }]);
      }));
  });

  it('a gauge goes down again, never below nothing', () =>
    inTenant(async () => {
      expect(await app.quotas.usage(['seats'])).toEqual([null]);
      await app.quotas.consume('seats', 3);
      await app.quotas.giveBack('seats');
      expect(await app.quotas.usage(['seats'])).toMatchObject([{ used: 2 }]);
      await app.quotas.giveBack('seats', 5);
      expect(await app.quotas.usage(['seats'])).toMatchObject([{ used: 0 }]);
      await app.quotas.set('seats', 12);
      expect(await app.quotas.usage(['seats'])).toMatchObject([{ used: 12, status: 'exceeded' }]);
      expect(await codeOf(() => app.quotas.consume('seats', 0))).toBe('QUOTA_EXCEEDED');
    }));

  it('what is set or given back leaves what is reserved', () =>
    inTenant(async () => {
      const reservation = await app.quotas.reserve('seats', 2);
      await app.quotas.set('seats', 5);
      await app.quotas.giveBack('seats', 9);
      expect(await app.quotas.usage(['seats'])).toMatchObject([{ used: 0, reserved: 2 }]);
      await reservation.commit();
      expect(await app.quotas.usage(['seats'])).toMatchObject([{ used: 2, reserved: 0 }]);
    }));

  it('counts beyond a limit that is not enforced', () =>
    inTenant(async () => {
      await app.quotas.consume('watched', 8);
      expect(await app.quotas.consume('watched', 8)).toMatchObject({ used: 16, remaining: 0 });
    }));

  it('402 where the quota says so', () =>
    inTenant(async () => {
      await app.quotas.consume('paid');
      await expect(app.quotas.consume('paid')).rejects.toMatchObject({ status: 402 });
    }));

  it.each<[string, TenantSettings, number | null]>([
    ["the catalogue's", {}, 10],
    ["its plan's", { plan: 'pro' }, 20],
    ['its own', { plan: 'pro', quotas: { exports_per_day: 30 } }, 30],
    ['none of its own', { quotas: { exports_per_day: null } }, null],
  ])('the limit of a tenant is %s', (_whose, settings, limit) =>
    inTenant(async () => {
      expect(app.quotas.limits()).toMatchObject({ exports_per_day: limit });
      const { remaining } = await app.quotas.consume('exports_per_day', 10);
      expect(remaining).toBe(limit === null ? null : limit - 10);
    }, settings),
  );

  it('a limit of 0 refuses also what costs nothing', () =>
    inTenant(
      async () => {
        expect(await codeOf(() => app.quotas.consume('exports_per_day', 0))).toBe('QUOTA_EXCEEDED');
        expect(await codeOf(() => app.quotas.reserve('exports_per_day', 0))).toBe('QUOTA_EXCEEDED');
      },
      { plan: 'none' },
    ));

  it.each<TenantSettings>([
    { plan: 'gold' },
    { plan: 7 },
    { quotas: [] },
    { quotas: { exports_per_dya: 1 } },
    { quotas: { imports: -1 } },
    { timeZone: 'Europe/Atlantis' },
  ])('settings that say nothing of use give no limit: %j', (settings) =>
    inTenant(async () => {
      expect(await codeOf(() => app.quotas.consume('imports'))).toBe('QUOTA_SETTINGS_INVALID');
    }, settings),
  );

  it.each([-1, NaN, Infinity, 2e9])('refuses to count %d', (cost) =>
    inTenant(async () => {
      expect(await codeOf(() => app.quotas.consume('imports', cost))).toBe('QUOTA_AMOUNT_INVALID');
    }),
  );

  it('a new limit holds from the next lookup on', async () => {
    const { slug } = await app.tenants.create({ slug: `tenant-${++count}` });
    await app.tenancy.run(slug, () => app.quotas.consume('exports_per_day', 10));
    await app.tenants.update(slug, { settings: { plan: 'pro' } });
    await app.tenancy.run(slug, async () => {
      expect(await app.quotas.consume('exports_per_day')).toMatchObject({ used: 11, limit: 20 });
    });
  });

  if (store === 'redis') {
    it('nothing passes while Redis is away, and then it goes on by itself', () =>
      inTenant(async () => {
        await app.quotas.consume('exports_per_day');
        await place.redis!.kill();
        expect(await codeOf(() => app.quotas.consume('exports_per_day'))).toBe('REDIS_UNAVAILABLE');
        expect(await codeOf(() => app.quotas.reserve('exports_per_day', 1))).toBe(
          'REDIS_UNAVAILABLE',
        );
        // What has no period is counted elsewhere; of two quotas, the other is not used then.
        const both = [
          { key: 'imports', cost: 1 },
          { key: 'exports_per_day', cost: 1 },
        ] as const;
        expect(await codeOf(() => app.quotas.consumeAll(both))).toBe('REDIS_UNAVAILABLE');
        expect(await app.quotas.usage(['imports'])).toMatchObject([{ used: 0 }]);
        await place.redis!.restart();
        await until('Redis is back', async () => {
          return (await codeOf(() => app.quotas.consume('exports_per_day'))) === undefined;
        });
      }));
  }

  it('without a tenant it is refused', async () => {
    expect(await codeOf(() => app.quotas.consume('imports'))).toBe('TENANT_CONTEXT_MISSING');
    expect(await codeOf(() => app.tenancy.runCentral('test', () => app.quotas.usage()))).toBe(
      'TENANT_CONTEXT_MISSING',
    );
  });

  it('a key that is none is refused', () =>
    inTenant(async () => {
      const key: string = 'improts';
      const unknown = key as 'imports';
      expect(await codeOf(() => app.quotas.consume(unknown))).toBe('QUOTA_UNKNOWN');
    }));
});
