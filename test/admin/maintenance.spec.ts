import { Controller, Get, Module, type INestApplication } from '@nestjs/common';
import { bySubdomain, TenantService } from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { ask } from '../support/http.js';
import { call, startAdminApp } from './admin-app.js';

@Controller('work')
class Work {
  @Get()
  work() {
    return 'done';
  }
}

@Module({ controllers: [Work] })
class WorkModule {}

const [engine] = engines;

describe('maintenance over the admin API', () => {
  let setup: EngineSetup;
  let app: INestApplication;
  beforeAll(async () => {
    setup = await engine!.prepare();
    app = await startAdminApp(setup, {
      options: { identify: [bySubdomain({ of: 'localhost' })] },
      imports: [WorkModule],
    });
    for (const slug of ['acme', 'other']) await app.get(TenantService).create({ slug });
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const at = async (slug: string, headers = {}) =>
    (await ask(app, '/work', { host: `${slug}.localhost`, headers })).status;
  const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

  it('of one tenant is in force when it is answered, with a secret that is told once', async () => {
    const until = inAnHour();
    const body = { message: 'We move', until, allow: ['10.0.0.0/8'], bypass: true };
    const enabled = await call(app, 'PUT tenants/acme/maintenance', { body });
    expect(enabled).toMatchObject({
      status: 200,
      body: { message: 'We move', until, allow: ['10.0.0.0/8'], inForce: true, bypass: true },
    });
    const { bypassSecret } = enabled.body;
    expect(bypassSecret.length).toBeGreaterThan(40);
    expect([await at('acme'), await at('other')]).toEqual([503, 200]);
    expect(await at('acme', { 'x-maintenance-bypass': bypassSecret })).toBe(200);
    const listed = await call(app, 'GET tenants/acme/maintenance');
    expect(listed.body.items).toEqual([
      expect.objectContaining({ id: enabled.body.id, tenantId: expect.any(String), until }),
    ]);
    expect(JSON.stringify(listed.body)).not.toContain(bypassSecret);
    const end = () => call(app, 'DELETE tenants/acme/maintenance');
    expect((await end()).body).toEqual({ ended: true });
    expect((await end()).body).toEqual({ ended: false });
    expect(await at('acme')).toBe(200);
  });

  it('of all tenants leaves the admin API open', async () => {
    expect((await call(app, 'PUT maintenance', { body: {} })).body).toMatchObject({
      tenantId: null,
      until: null,
      bypassSecret: null,
    });
    expect([await at('acme'), await at('other')]).toEqual([503, 503]);
    expect((await call(app, 'GET maintenance')).body.items).toHaveLength(1);
    expect((await call(app, 'DELETE maintenance')).body).toEqual({ ended: true });
    expect(await at('acme')).toBe(200);
  });

  it('may be to come, and cancelled', async () => {
    const from = inAnHour();
    const until = new Date(Date.parse(from) + 60_000).toISOString();
    const one = await call(app, 'POST tenants/acme/maintenance/windows', { body: { from, until } });
    const all = await call(app, 'POST maintenance/windows', { body: { from, until } });
    expect([one.status, all.status]).toEqual([201, 201]);
    expect(one.body).toMatchObject({ from, until, inForce: false });
    for (const { id } of [one.body, all.body]) {
      expect((await call(app, `DELETE maintenance/windows/${id}`)).body).toEqual({ ended: true });
      expect((await call(app, `DELETE maintenance/windows/${id}`)).body).toEqual({ ended: false });
    }
  });

  it('that cannot be is refused', async () => {
    const bodies = [
      { until: '2001-01-01T00:00:00Z' },
      { until: 'tomorrow' },
      { allow: ['not an address'] },
      { message: '' },
      { retryAfter: 0 },
      { colour: 'red' },
    ];
    for (const body of bodies) {
      expect((await call(app, 'PUT tenants/acme/maintenance', { body })).status).toBe(400);
    }
    expect((await call(app, 'POST maintenance/windows', { body: {} })).status).toBe(400);
    expect(await at('acme')).toBe(200);
  });
});
