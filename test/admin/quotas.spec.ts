import type { INestApplication } from '@nestjs/common';
import { QuotaService, Tenancy, TenantService } from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { call, startAdminApp } from './admin-app.js';

describe.each(engines)('quotas over the admin API on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: INestApplication;
  beforeAll(async () => {
    setup = await prepare();
    app = await startAdminApp(setup, {
      options: {
        quota: {
          catalogue: { monthly_emails: { limit: 10 } },
          plans: { pro: { monthly_emails: 100 } },
        },
      },
    });
    for (const slug of ['acme', 'other', 'odd']) {
      await app.get(TenantService).create({ slug, settings: { plan: 'pro', colour: 'red' } });
    }
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const emails = async (slug: string) => {
    const { body } = await call(app, `GET tenants/${slug}/quotas`);
    return body.items.find(({ key }: { key: string }) => key === 'monthly_emails');
  };

  it('tell limits and use, of a suspended tenant too', async () => {
    await app.get(Tenancy).run('acme', () => app.get(QuotaService).consume('monthly_emails', 4));
    await call(app, 'POST tenants/acme/suspend');
    expect(await emails('acme')).toEqual({
      key: 'monthly_emails',
      kind: 'counter',
      limit: 100,
      overridden: false,
      used: 4,
      reserved: 0,
      remaining: 96,
      percentage: 4,
      status: 'ok',
      period: 'month',
      resetsAt: expect.stringMatching(/^20\d\d-\d\d-01T00:00:00.000Z$/),
    });
    await call(app, 'POST tenants/acme/activate');
    const { body } = await call(app, 'GET tenants/acme/quotas');
    expect(body.items).toHaveLength(10);
    expect(body.items.find(({ key }: { key: string }) => key === 'users')).toMatchObject({
      limit: 100,
      used: null,
      remaining: null,
    });
  });

  it('take a limit of the tenant’s own, in force at once, and give it back', async () => {
    const set = await call(app, 'PUT tenants/acme/quotas/monthly_emails', { body: { limit: 4 } });
    expect(set).toMatchObject({ status: 200, body: { limit: 4, overridden: true, used: 4 } });
    const consume = (slug: string) =>
      app.get(Tenancy).run(slug, () => app.get(QuotaService).consume('monthly_emails'));
    await expect(consume('acme')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await consume('other');
    const { body: tenant } = await call(app, 'GET tenants/acme');
    expect(tenant.settings).toEqual({
      plan: 'pro',
      colour: 'red',
      quotas: { monthly_emails: 4 },
    });
    for (const limit of [null, 0, 0.5]) {
      const { body } = await call(app, 'PUT tenants/acme/quotas/monthly_emails', {
        body: { limit },
      });
      expect(body).toMatchObject({ limit, overridden: true });
    }
    const reset = await call(app, 'DELETE tenants/acme/quotas/monthly_emails');
    expect(reset).toMatchObject({ status: 200, body: { limit: 100, overridden: false } });
    expect((await call(app, 'DELETE tenants/acme/quotas/monthly_emails')).status).toBe(200);
  });

  it('refuse what is no limit and no quota', async () => {
    for (const body of [{}, { limit: -1 }, { limit: '5' }, { limit: 2e9 }, { limit: 1, more: 1 }]) {
      expect(await call(app, 'PUT tenants/acme/quotas/users', { body })).toMatchObject({
        status: 400,
        body: { code: 'ADMIN_INPUT_INVALID' },
      });
    }
    for (const key of ['nothing', '__proto__', 'constructor']) {
      expect(
        await call(app, `PUT tenants/acme/quotas/${key}`, { body: { limit: 1 } }),
      ).toMatchObject({ status: 404, body: { code: 'QUOTA_UNKNOWN' } });
    }
  });

  it('loses none of many limits that are set at once, nor settings that are replaced meanwhile', async () => {
    const { body: all } = await call(app, 'GET tenants/other/quotas');
    const keys: string[] = all.items.map(({ key }: { key: string }) => key);
    for (const round of [1, 2, 3]) {
      const set = keys.map((key) =>
        call(app, `PUT tenants/other/quotas/${key}`, { body: { limit: round } }),
      );
      expect((await Promise.all(set)).map(({ status }) => status)).toEqual(keys.map(() => 200));
      const { body } = await call(app, 'GET tenants/other');
      expect(body.settings).toEqual({
        plan: 'pro',
        colour: 'red',
        quotas: Object.fromEntries(keys.map((key) => [key, round])),
      });
    }
    const replaced = { plan: 'pro', colour: 'blue' };
    await Promise.all([
      call(app, 'PATCH tenants/other', { body: { settings: replaced } }),
      call(app, 'PUT tenants/other/quotas/users', { body: { limit: 7 } }),
    ]);
    const after = (await call(app, 'GET tenants/other')).body.settings;
    // Whichever came last; never the old ones.
    expect(after.colour).toBe('blue');
  });

  it('of settings that say nothing of use are a conflict, which the client can mend', async () => {
    const patch = (settings: object) => call(app, 'PATCH tenants/odd', { body: { settings } });
    for (const settings of [{ plan: 'none' }, { quotas: 5 }, { quotas: { nothing: 1 } }]) {
      expect((await patch(settings)).status).toBe(200);
      for (const route of ['GET tenants/odd/quotas', 'DELETE tenants/odd/quotas/users']) {
        expect(await call(app, route)).toMatchObject({
          status: 409,
          body: { code: 'QUOTA_SETTINGS_INVALID', detail: expect.stringContaining('"odd"') },
        });
      }
    }
    await patch({ timeZone: 'Nowhere/Else' });
    expect((await call(app, 'GET tenants/odd/quotas')).status).toBe(409);
    await patch({});
    expect((await call(app, 'GET tenants/odd/quotas')).status).toBe(200);
  });
});
