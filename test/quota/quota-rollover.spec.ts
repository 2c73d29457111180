import type { QuotaOptions } from '../../lib/index.js';
import { codeOf } from '../support/rejection.js';
import { startQuotaApp, type QuotaApp } from './quota-app.js';
import { preparePlace, SHARED_PLACES, type PreparedPlace } from './quota-places.js';

const QUOTA: QuotaOptions = {
  catalogue: { api_calls_per_day: { limit: 1 }, monthly_emails: { limit: 1 } },
};

describe.each(SHARED_PLACES)('the end of a period on $name', (quotaPlace) => {
  const { store } = quotaPlace;
  let place: PreparedPlace;
  let app: QuotaApp;
  let count = 0;

  beforeAll(async () => {
    place = await preparePlace(quotaPlace);
    app = await startQuotaApp(place.setup, { ...QUOTA, store }, place.redis?.url);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(async () => {
    await app.close();
    await place.cleanUp();
  });

  const setClock = (time: number) => jest.spyOn(Date, 'now').mockReturnValue(time);

  /** Uses all just before `turn`; it is still used up 1 ms before, and free from `turn` on. */
  async function expectNewAt(
    key: 'api_calls_per_day' | 'monthly_emails',
    timeZone: string,
    turn: string,
    since: string,
  ) {
    const slug = `tenant-${++count}`;
    await app.tenants.create({ slug, settings: { timeZone } });
    const consume = () => app.tenancy.run(slug, () => app.quotas.consume(key));
    setClock(Date.parse(since));
    await consume();
    setClock(Date.parse(turn) - 1);
    await expect(consume()).rejects.toMatchObject({
      code: 'QUOTA_EXCEEDED',
      retryAfter: 1,
      state: { resetsAt: new Date(turn) },
    });
    setClock(Date.parse(turn));
    expect(await consume()).toMatchObject({ used: 1 });
    expect(await codeOf(consume)).toBe('QUOTA_EXCEEDED');
  }

  it.each([
    ['UTC', '2030-05-07T00:00:00Z', '2030-05-06T00:00:00Z'],
    ['Asia/Tokyo', '2030-05-06T15:00:00Z', '2030-05-05T15:00:00Z'],
    ['America/Los_Angeles', '2030-05-07T07:00:00Z', '2030-05-06T07:00:00Z'],
    // 25 and 23 hours.
    ['Europe/Berlin', '2030-10-27T23:00:00Z', '2030-10-26T22:00:00Z'],
    ['Europe/Berlin', '2030-03-31T22:00:00Z', '2030-03-30T23:00:00Z'],
  ])('a day in %s ends at %s', (zone, turn, since) =>
    expectNewAt('api_calls_per_day', zone, turn, since),
  );

  it.each([
    ['UTC', '2031-01-01T00:00:00Z', '2030-12-01T00:00:00Z'],
    ['Pacific/Auckland', '2030-12-31T11:00:00Z', '2030-11-30T11:00:00Z'],
    ['America/New_York', '2030-04-01T04:00:00Z', '2030-03-01T05:00:00Z'],
  ])('a month in %s ends at %s', (zone, turn, since) =>
    expectNewAt('monthly_emails', zone, turn, since),
  );

  it('a reservation is committed in the period that it was made in', async () => {
    const slug = `tenant-${++count}`;
    await app.tenants.create({ slug });
    await app.tenancy.run(slug, async () => {
      setClock(Date.parse('2030-05-06T23:59:59Z'));
      const reservation = await app.quotas.reserve('api_calls_per_day', 1);
      setClock(Date.parse('2030-05-07T00:00:10Z'));
      await app.quotas.consume('api_calls_per_day');
      await reservation.commit();
      expect(await app.quotas.usage(['api_calls_per_day'])).toMatchObject([{ used: 1 }]);
    });
  });

  it('counts of periods that are over are deleted some days later', async () => {
    const slug = `tenant-${++count}`;
    const { id } = await app.tenants.create({ slug });
    const kept = async () => {
      const rows: unknown[] = await app.central.query(
        'SELECT 1 FROM tenancy_quota_counters WHERE tenant_id = ?',
        [id],
      );
      return rows.length;
    };
    const now = Date.now();
    await app.tenancy.run(slug, async () => {
      await app.quotas.reserve('api_calls_per_day', 1);
      await app.quotas.consume('users');
    });
    expect(await kept()).toBe(store === 'redis' ? 1 : 2);
    await app.housekeeping.tidy(now);
    expect(await kept()).toBe(store === 'redis' ? 1 : 2);
    await app.housekeeping.tidy(now + 4 * 24 * 3_600_000);
    expect(await kept()).toBe(1);
    expect(
      await app.central.query('SELECT 1 FROM tenancy_quota_reservations WHERE tenant_id = ?', [id]),
    ).toEqual([]);
  });
});
