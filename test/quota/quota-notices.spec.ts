import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import type { QuotaEvent, QuotaOptions } from '../../lib/index.js';
import { codeOf } from '../support/rejection.js';
import { startQuotaApp, type QuotaApp } from './quota-app.js';
import { preparePlace, SHARED_PLACES, type PreparedPlace } from './quota-places.js';

const QUOTA: QuotaOptions = {
  catalogue: {
    monthly_emails: { limit: 10 },
    users: { limit: 10, warningThreshold: 50 },
    webhooks: { limit: 10, enforce: false },
  },
};

describe.each(SHARED_PLACES)('the events of two processes on $name', (quotaPlace) => {
  const { store } = quotaPlace;
  let place: PreparedPlace;
  let apps: [QuotaApp, QuotaApp];
  let told: string[];
  let count = 0;

  beforeAll(async () => {
    place = await preparePlace(quotaPlace);
    const start = async () => {
      const app = await startQuotaApp(place.setup, { ...QUOTA, store }, place.redis?.url, {
        imports: [EventEmitterModule.forRoot({ wildcard: true })],
      });
      app.context
        .get(EventEmitter2, { strict: false })
        .on('quota.*', function hear(this: { event: string }, event: QuotaEvent) {
          told.push(`${this.event} ${event.slug} ${event.key} ${event.used} of ${event.limit}`);
        });
      return app;
    };
    apps = [await start(), await start()];
  });
  afterAll(async () => {
    for (const app of apps) await app.close();
    await place.cleanUp();
  });
  beforeEach(() => {
    told = [];
  });

  async function tenant(): Promise<string> {
    count += 1;
    return (await apps[0].tenants.create({ slug: `tenant-${count}` })).slug;
  }

  it('a warning at the threshold and a refusal are told once in a period', async () => {
    const slug = await tenant();
    const consume = (app: QuotaApp, cost: number) =>
      app.tenancy.run(slug, () => app.quotas.consume('monthly_emails', cost));
    await consume(apps[0], 7);
    expect(told).toEqual([]);
    await Promise.all([consume(apps[0], 1), consume(apps[1], 1)]);
    expect(told).toEqual([
      expect.stringMatching(`quota.warning ${slug} monthly_emails [89] of 10`),
    ]);
    await consume(apps[1], 1);
    expect(told).toHaveLength(1);
    const refusals = apps.flatMap((app) => [
      codeOf(() => consume(app, 1)),
      codeOf(() => consume(app, 1)),
    ]);
    expect(await Promise.all(refusals)).toEqual(Array(4).fill('QUOTA_EXCEEDED'));
    expect(told.slice(1)).toEqual([`quota.exceeded ${slug} monthly_emails 10 of 10`]);
  });

  it('reading tells nothing', async () => {
    const slug = await tenant();
    await apps[0].tenancy.run(slug, async () => {
      await apps[0].quotas.consume('monthly_emails', 9);
      for (let index = 0; index < 3; index += 1) await apps[0].quotas.usage();
    });
    expect(told).toHaveLength(1);
  });

  it('a gauge that was below is told of again, whoever lowered it', async () => {
    const slug = await tenant();
    const [one, two] = apps;
    await one.tenancy.run(slug, () => one.quotas.consume('users', 6));
    await two.tenancy.run(slug, () => two.quotas.consume('users', 1));
    expect(told).toEqual([`quota.warning ${slug} users 6 of 10`]);
    await two.tenancy.run(slug, () => two.quotas.giveBack('users', 5));
    await one.tenancy.run(slug, () => one.quotas.consume('users', 4));
    expect(told.slice(1)).toEqual([`quota.warning ${slug} users 6 of 10`]);
  });

  it('what is not enforced is exceeded when it goes beyond', async () => {
    const slug = await tenant();
    const [app] = apps;
    await app.tenancy.run(slug, async () => {
      await app.quotas.consume('webhooks', 10);
      expect(told).toEqual([`quota.warning ${slug} webhooks 10 of 10`]);
      await app.quotas.consume('webhooks', 1);
      await app.quotas.consume('webhooks', 1);
    });
    expect(told.slice(1)).toEqual([`quota.exceeded ${slug} webhooks 11 of 10`]);
  });

  it('what was measured beyond the limit is exceeded', async () => {
    const slug = await tenant();
    const [app] = apps;
    await app.tenancy.run(slug, () => app.quotas.set('users', 11));
    expect(told).toEqual([
      `quota.warning ${slug} users 11 of 10`,
      `quota.exceeded ${slug} users 11 of 10`,
    ]);
  });

  it('a new period is told of anew', async () => {
    const slug = await tenant();
    const [app] = apps;
    const consume = () => app.tenancy.run(slug, () => app.quotas.consume('monthly_emails', 9));
    await consume();
    const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 32 * 24 * 3_600_000);
    try {
      await consume();
    } finally {
      now.mockRestore();
    }
    expect(told).toEqual(Array(2).fill(`quota.warning ${slug} monthly_emails 9 of 10`));
  });
});
