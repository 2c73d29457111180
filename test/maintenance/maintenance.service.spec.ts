import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { setImmediate as turn } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { ALL_TENANTS, Tenancy, type MaintenanceEvent } from '../../lib/index.js';
import { TenancyEvents } from '../../lib/tenant/tenancy-events.js';
import { CENTRAL_DATA_SOURCE } from '../../lib/tenant/tokens.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { codeOf } from '../support/rejection.js';
import { until } from '../support/until.js';
import { startMaintenanceApp, type MaintenanceApp } from './maintenance-app.js';

const HOUR = 3_600_000;
const TTL = 400;
const soon = (milliseconds: number) => new Date(Date.now() + milliseconds);

describe.each(engines)('maintenance on $name', ({ prepare }) => {
  let setup: EngineSetup;
  /** Two processes' worth of an app, without a Redis. */
  let apps: readonly [MaintenanceApp, MaintenanceApp];
  let told: string[];

  beforeAll(async () => {
    setup = await prepare();
    const start = () =>
      startMaintenanceApp(setup, {
        options: { registry: { ttl: TTL } },
        imports: [EventEmitterModule.forRoot({ wildcard: true })],
      });
    apps = [await start(), await start()];
    for (const { nest } of apps) {
      nest
        .get(EventEmitter2)
        .on('maintenance.*', function (this: { event: string }, { slug }: MaintenanceEvent) {
          told.push(`${this.event} ${slug ?? 'all'}`);
        });
    }
    for (const slug of ['acme', 'gone']) await apps[0].tenants.create({ slug });
    // From now on both know by heart.
    for (const app of apps) await app.get('acme');
  }, 60_000);
  afterAll(async () => {
    for (const app of apps) await app.close();
    await setup.cleanUp();
  });
  beforeEach(() => (told = []));
  afterEach(async () => {
    for (const { id } of await apps[0].maintenance.list()) await apps[0].maintenance.cancel(id);
    for (const app of apps) await becomes(app, 'acme', 200);
  });

  const becomes = (app: MaintenanceApp, slug: string, status: number) =>
    until(`${slug} is answered ${status}`, async () => (await app.get(slug)).status === status);

  it('reaches a process that nobody tells of it before registry.ttl is over', async () => {
    await apps[0].maintenance.enable('acme');
    const enabled = Date.now();
    let lastServed = enabled;
    for (;;) {
      const begun = Date.now();
      if ((await apps[1].get('acme')).status === 503) break;
      lastServed = begun;
    }
    expect(lastServed - enabled).toBeLessThanOrEqual(TTL);
    expect(told).toEqual(['maintenance.enabled acme']);
  });

  it('begins and ends by itself in every process, and is told of once', async () => {
    const { id } = await apps[0].maintenance.schedule('acme', {
      from: soon(600),
      until: soon(1_800),
    });
    expect(await apps[0].maintenance.list('acme')).toMatchObject([{ id, inForce: false }]);
    for (const app of apps) expect((await app.get('acme')).status).toBe(200);
    await Promise.all(apps.map((app) => becomes(app, 'acme', 503)));
    expect(await apps[1].maintenance.list('acme')).toMatchObject([{ id, inForce: true }]);
    await Promise.all(apps.map((app) => becomes(app, 'acme', 200)));
    await until('its end is told', () => told.length >= 3);
    expect(told).toEqual([
      'maintenance.scheduled acme',
      'maintenance.enabled acme',
      'maintenance.disabled acme',
    ]);
    expect(await apps[0].maintenance.list('acme')).toEqual([]);
  });

  it('is told of to the end by a process that shuts down meanwhile', async () => {
    const own = await prepare();
    const app = await startMaintenanceApp(own, { options: { registry: { ttl: TTL } } });
    await app.tenants.create({ slug: 'acme' });
    await app.get('acme');
    const central = app.nest.get<DataSource>(CENTRAL_DATA_SOURCE, { strict: false });
    let goOn!: () => void;
    const mayGoOn = new Promise<void>((resolve) => (goOn = resolve));
    let heard = '';
    app.nest.get(TenancyEvents, { strict: false }).hear(async (name) => {
      if (name !== 'maintenance.enabled') return;
      heard = 'begun';
      await mayGoOn;
      await central.query('SELECT 1');
      heard = 'written';
    });
    await app.maintenance.schedule('acme', { from: soon(300), until: soon(HOUR) });
    await until('its beginning is told', () => heard === 'begun');
    const closed = app.close().then(() => 'closed');
    const turns = async () => {
      for (let count = 0; count < 1_000; count += 1) await turn();
      return 'waits';
    };
    expect(await Promise.race([closed, turns()])).toBe('waits');
    goOn();
    await closed;
    expect(heard).toBe('written');
    await own.cleanUp();
  });

  it('is cancelled before it begins, and ends when it is disabled', async () => {
    const [{ maintenance }] = apps;
    const later = await maintenance.schedule(ALL_TENANTS, {
      from: soon(HOUR),
      until: soon(2 * HOUR),
    });
    await maintenance.enable('acme');
    await maintenance.schedule('acme', { from: soon(HOUR), until: soon(2 * HOUR) });
    expect(await maintenance.disable('acme')).toBe(true);
    expect(await maintenance.list('acme')).toMatchObject([{ inForce: false }]);
    expect(await maintenance.cancel(later.id)).toBe(true);
    expect(await maintenance.cancel(later.id)).toBe(false);
    expect(await maintenance.list(ALL_TENANTS)).toEqual([]);
    expect(told).toEqual([
      'maintenance.scheduled all',
      'maintenance.enabled acme',
      'maintenance.scheduled acme',
      'maintenance.disabled acme',
      'maintenance.disabled all',
    ]);
  });

  it('is one, however many enable it at once', async () => {
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        apps[index % 2]!.maintenance.enable('acme', { message: `number ${index}` }),
      ),
    );
    expect(await apps[0].maintenance.list('acme')).toHaveLength(1);
    const answers = await Promise.all([0, 1, 2, 3].map(() => apps[0].maintenance.disable('acme')));
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(told.filter((event) => event === 'maintenance.disabled acme')).toHaveLength(1);
  });

  it('keeps the hash of the secret, and no more', async () => {
    const [{ nest, maintenance }] = apps;
    const { bypassSecret = '' } = await maintenance.enable('acme', { bypass: true });
    const rows: unknown = await nest
      .get(CENTRAL_DATA_SOURCE)
      .query('SELECT * FROM tenancy_maintenance');
    expect(JSON.stringify(rows)).not.toContain(bypassSecret);
    expect(JSON.stringify(await maintenance.list())).not.toContain('bypassSecret');
    expect(await maintenance.list()).toMatchObject([{ bypass: true }]);
  });

  it('goes with a tenant whose database is dropped', async () => {
    const [{ maintenance, tenants }] = apps;
    await maintenance.enable('gone');
    await tenants.delete('gone', { confirm: 'gone', dropDatabase: true });
    await until('it is gone', async () => (await maintenance.list()).length === 0);
  });

  it('leaves code that runs for the tenant alone, unless it asks', async () => {
    const [{ nest, maintenance }] = apps;
    const tenancy = nest.get(Tenancy);
    const verify = (ip?: string) => tenancy.run('acme', () => maintenance.verify({ ip }));
    await verify();
    await maintenance.enable('acme', { allow: ['192.0.2.1'] });
    expect(await codeOf(() => verify())).toBe('MAINTENANCE_ACTIVE');
    await verify('192.0.2.1');
  });

  it('does not serve from what is too old to rely on', async () => {
    const [app] = apps;
    const central = app.nest.get(CENTRAL_DATA_SOURCE);
    await central.query('ALTER TABLE tenancy_maintenance RENAME TO elsewhere');
    await until('it is refused', async () => (await app.get('acme')).status === 500);
    await central.query('ALTER TABLE elsewhere RENAME TO tenancy_maintenance');
    await becomes(app, 'acme', 200);
  });

  it.each([
    [{ message: ' ' }, 'message'],
    [{ message: 'x'.repeat(501) }, 'message'],
    [{ retryAfter: 0 }, 'retryAfter'],
    [{ retryAfter: 1.5 }, 'retryAfter'],
    [{ allow: ['10.0.0.0/33'] }, 'allow'],
    [{ allow: ['example.com'] }, 'allow'],
    [{ allow: Array.from({ length: 101 }, () => '10.0.0.1') }, 'allow'],
    [{ until: new Date(0) }, 'until'],
    [{ until: new Date('never') }, 'until'],
  ])('refuses %j', async (terms, what) => {
    await expect(apps[0].maintenance.enable('acme', terms)).rejects.toMatchObject({
      code: 'MAINTENANCE_INPUT_INVALID',
      message: expect.stringContaining(what),
    });
  });

  it('refuses a window that ends before it begins, and a tenant that there is not', async () => {
    const [{ maintenance }] = apps;
    const backwards = { from: soon(2 * HOUR), until: soon(HOUR) };
    expect(await codeOf(() => maintenance.schedule('acme', backwards))).toBe(
      'MAINTENANCE_INPUT_INVALID',
    );
    expect(await codeOf(() => maintenance.enable('nobody'))).toBe('TENANT_NOT_FOUND');
  });
});
