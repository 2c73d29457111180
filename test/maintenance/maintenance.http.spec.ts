import { ALL_TENANTS } from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { ask, PLATFORMS } from '../support/http.js';
import { startMaintenanceApp, type MaintenanceApp } from './maintenance-app.js';

const [engine] = engines;
const MINUTE = 60_000;
const BEHIND_PROXY = { 'x-forwarded-for': '203.0.113.9' };

describe.each(Object.entries(PLATFORMS))('a tenant in maintenance on %s', (_name, platform) => {
  let setup: EngineSetup;
  let app: MaintenanceApp;

  beforeAll(async () => {
    setup = await engine!.prepare();
    app = await startMaintenanceApp(setup, { adapter: platform(true) });
    for (const slug of ['acme', 'other', 'all']) await app.tenants.create({ slug });
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });
  afterEach(async () => {
    for (const { id } of await app.maintenance.list()) await app.maintenance.cancel(id);
  });

  const statusOf = async (slug: string, headers?: Record<string, string>) =>
    (await app.get(slug, headers && { headers })).status;

  it('is answered 503 until it is over, and no other', async () => {
    expect(await statusOf('acme')).toBe(200);
    await app.maintenance.enable('acme', { message: 'Back soon', retryAfter: 90 });
    const refused = await app.get('acme');
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBe('90');
    expect(refused.body).toEqual({
      statusCode: 503,
      code: 'MAINTENANCE_ACTIVE',
      message: 'Back soon',
    });
    expect(await statusOf('other')).toBe(200);
    expect(await app.maintenance.disable('acme')).toBe(true);
    expect(await app.maintenance.disable('acme')).toBe(false);
    expect(await statusOf('acme')).toBe(200);
  });

  it('is told when it ends, where that is known', async () => {
    await app.maintenance.enable('acme', { until: new Date(Date.now() + 10 * MINUTE) });
    const { headers, body } = await app.get('acme');
    expect(Number(headers['retry-after'])).toBeGreaterThan(9 * 60);
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(10 * 60);
    expect(body).toMatchObject({ message: 'Down for maintenance' });
  });

  it('with all others leaves the routes of no tenant open', async () => {
    await app.maintenance.enable(ALL_TENANTS);
    for (const slug of ['acme', 'other', 'all']) expect(await statusOf(slug)).toBe(503);
    expect(await ask(app.nest, '/operators')).toMatchObject({ status: 200, body: 'operators' });
    expect(await ask(app.nest, '/both')).toMatchObject({ status: 200, body: 'nobody' });
    expect(await ask(app.nest, '/both', { host: 'acme.app.example' })).toMatchObject({
      status: 503,
    });
    // A tenant of that name is one as any other.
    expect(await app.maintenance.disable('all')).toBe(false);
    await app.maintenance.disable(ALL_TENANTS);
    expect(await statusOf('acme')).toBe(200);
  });

  it('serves the addresses that are allowed, and nobody who only says so', async () => {
    await app.maintenance.enable('acme', { allow: ['203.0.113.0/24', '2001:db8::/32'] });
    expect(await statusOf('acme')).toBe(503);
    expect(await statusOf('acme', BEHIND_PROXY)).toBe(200);
    expect(await statusOf('acme', { 'x-forwarded-for': '2001:db8::7' })).toBe(200);
    expect(await statusOf('acme', { 'x-forwarded-for': '::ffff:203.0.113.9' })).toBe(200);
    expect(await statusOf('acme', { 'x-forwarded-for': '203.0.114.9' })).toBe(503);
    expect(await statusOf('acme', { 'x-forwarded-for': 'nonsense' })).toBe(503);

    const direct = await startMaintenanceApp(setup, { adapter: platform(false) });
    expect((await direct.get('acme', { headers: BEHIND_PROXY })).status).toBe(503);
    await direct.maintenance.enable('acme', { allow: ['127.0.0.1'] });
    expect((await direct.get('acme', { headers: BEHIND_PROXY })).status).toBe(200);
    await direct.close();
  });

  it('serves who has the secret in the header, and in the header only', async () => {
    const { bypassSecret = '' } = await app.maintenance.enable('acme', { bypass: true });
    expect(Buffer.from(bypassSecret, 'base64url')).toHaveLength(32);
    const header = 'X-Maintenance-Bypass';
    expect(await statusOf('acme', { [header]: bypassSecret })).toBe(200);
    expect(await statusOf('acme', { [header]: bypassSecret.slice(1) })).toBe(503);
    expect(await statusOf('acme', { [header]: '' })).toBe(503);
    expect(await statusOf('acme', { cookie: `${header}=${bypassSecret}` })).toBe(503);
    const inUrl = await ask(app.nest, `/?${header}=${bypassSecret}`, { host: 'acme.app.example' });
    expect(inUrl.status).toBe(503);
    // Of one maintenance, not of another; both at once open both.
    const all = await app.maintenance.enable(ALL_TENANTS, { bypass: true });
    expect(await statusOf('acme', { [header]: bypassSecret })).toBe(503);
    expect(await statusOf('acme', { [header]: `${bypassSecret}, ${all.bypassSecret}` })).toBe(200);
    expect(await statusOf('other', { [header]: all.bypassSecret! })).toBe(200);
    // The old one is worth nothing once there is a new one.
    await app.maintenance.disable(ALL_TENANTS);
    await app.maintenance.enable('acme', { bypass: true });
    expect(await statusOf('acme', { [header]: bypassSecret })).toBe(503);
  });
});
