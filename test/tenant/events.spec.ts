import { ConsoleLogger, Injectable, Logger } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import type { TenancyEvent, TenantsOptions } from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';
import { until } from '../support/until.js';

type Told = [name: string, event: TenancyEvent];

/** Hears of tenants the way an app does. */
@Injectable()
class Listener {
  readonly created: TenancyEvent[] = [];

  @OnEvent('tenant.created')
  onCreated(event: TenancyEvent) {
    this.created.push(event);
    if (event.slug === 'unwelcome') throw new Error('the decorated listener failed');
  }
}

/** Keeps what would be printed. */
class Keeping extends ConsoleLogger {
  readonly errors: string[] = [];
  override error(...parts: unknown[]) {
    this.errors.push(parts.map(String).join('\n'));
  }
}

describe.each(engines)('events on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: TenancyApp;
  let emitter: EventEmitter2;
  let told: Told[];
  let seed: TenantsOptions['seed'];
  beforeAll(async () => {
    setup = await prepare();
    app = await startTenancyApp(setup, {
      options: { tenants: { seed: async (...given) => seed?.(...given) } },
      imports: [EventEmitterModule.forRoot({ wildcard: true })],
      providers: [Listener],
    });
    await app.context.init();
    emitter = app.context.get(EventEmitter2);
    emitter.onAny((name, event: TenancyEvent) => told.push([String(name), event]));
  });
  beforeEach(() => {
    told = [];
    seed = undefined;
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const names = () => told.map(([name]) => name);

  it('come in pairs around every verb, with ids and nothing else', async () => {
    const secret = { settings: { apiKey: 'sesame' } };
    const { id } = await app.tenants.create({ slug: 'acme', domains: ['a.example'], ...secret });
    await app.tenants.update('acme', { name: 'Acme' });
    await app.tenants.suspend('acme');
    await app.tenants.activate('acme');
    await app.tenants.block('acme');
    await app.tenants.activate('acme');
    await app.tenants.addDomain('acme', 'B.example');
    await app.tenants.setPrimaryDomain('acme', 'b.example');
    await app.tenants.removeDomain('acme', 'A.example.');
    await app.tenants.update('acme', { slug: 'acme-two' });
    await app.tenants.delete('acme-two', { confirm: 'Acme' });
    await app.tenants.restore('acme-two');

    const tenant = (slug: string, ...kinds: string[]): Told[] =>
      kinds.map((kind) => [`tenant.${kind}`, { tenantId: id, slug }]);
    const domain = (host: string, ...kinds: string[]): Told[] =>
      kinds.map((kind) => [`domain.${kind}`, { tenantId: id, slug: 'acme', host }]);
    expect(told).toEqual([
      ...tenant('acme', 'creating', 'created'),
      ...tenant('acme', 'updating', 'updated'),
      ...tenant('acme', 'suspending', 'suspended'),
      ...tenant('acme', 'activating', 'activated'),
      ...tenant('acme', 'blocking', 'blocked'),
      ...tenant('acme', 'activating', 'activated'),
      ...domain('b.example', 'adding', 'added'),
      ...domain('b.example', 'primary-changing', 'primary-changed'),
      ...domain('a.example', 'removing', 'removed'),
      ...tenant('acme', 'updating'),
      ...tenant('acme-two', 'updated'),
      ...tenant('acme-two', 'deleting', 'deleted'),
      ...tenant('acme-two', 'restoring', 'restored'),
    ]);
    expect(JSON.stringify(told)).not.toContain('sesame');
  });

  it('the second of a pair is told when the change is in force', async () => {
    const slugs: unknown[] = [];
    emitter.once('tenant.suspended', ({ slug }: TenancyEvent) => {
      slugs.push(app.registry.lookup({ kind: 'slug', value: slug }));
    });
    await app.tenants.create({ slug: 'in-force' });
    await app.tenants.suspend('in-force');
    expect(await slugs[0]).toMatchObject({ status: 'suspended' });
  });

  it('a failed creation tells of the failure, in place of the success', async () => {
    seed = () => Promise.reject(new Error('no'));
    await expect(app.tenants.create({ slug: 'failing' })).rejects.toThrow('no');
    expect(names()).toEqual(['tenant.creating', 'tenant.failed']);
  });

  it('a repaired creation tells that it was created, once', async () => {
    await app.tenants.create({ slug: 'mended' });
    await app.central.query(
      "UPDATE tenancy_tenants SET status = 'failed', step = 'migrated' WHERE slug = 'mended'",
    );
    told = [];
    seed = () => Promise.reject(new Error('no'));
    await expect(app.tenants.repair('mended')).rejects.toThrow('no');
    seed = undefined;
    await app.tenants.repair('mended');
    await app.tenants.repair('mended');
    expect(names()).toEqual(['tenant.failed', 'tenant.created']);
  });

  it('a deletion whose database is dropped by a repair tells that it is done, once', async () => {
    const { id } = await app.tenants.create({ slug: 'half-gone' });
    await app.central.query(
      "UPDATE tenancy_tenants SET status = 'deleted', step = 'dropping' WHERE slug = 'half-gone'",
    );
    told = [];
    await app.tenants.repair(id);
    await app.tenants.repair(id);
    expect(told).toEqual([['tenant.deleted', { tenantId: id, slug: 'half-gone' }]]);
  });

  it('a refused verb does not tell that it was done', async () => {
    await app.tenants.create({ slug: 'refused' });
    told = [];
    await Promise.allSettled([
      app.tenants.activate('refused'),
      app.tenants.restore('refused'),
      app.tenants.delete('refused', { confirm: 'wrong' }),
      app.tenants.create({ slug: 'refused' }),
      app.tenants.addDomain('refused', 'no host'),
      app.tenants.removeDomain('refused', 'nobody.example'),
    ]);
    expect(names().filter((name) => !name.endsWith('ing'))).toEqual([]);
  });

  it('reading tells nothing', async () => {
    await app.tenants.find('acme-two');
    await app.tenants.list();
    await app.registry.lookup({ kind: 'slug', value: 'acme-two' });
    expect(told).toEqual([]);
  });

  it('tell of the pool, too: that somebody has to wait', async () => {
    const all = app.pools.stats().central.maxConnections;
    const queryRunners = Array.from({ length: all + 1 }, () => app.central.createQueryRunner());
    const connected = queryRunners.map((queryRunner) => queryRunner.connect());
    await until('one waits', () => app.pools.stats().central.waiting === 1);
    expect(told).toContainEqual(['pool.exhausted', { server: 'central', maxConnections: all }]);
    await Promise.all(connected.slice(0, all));
    await queryRunners[0]!.release();
    await Promise.all(connected);
    await Promise.all(queryRunners.map((queryRunner) => queryRunner.release()));
  });

  it('reach methods with @OnEvent', () => {
    const { created } = app.context.get(Listener);
    expect(created.map(({ slug }) => slug)).toContain('acme');
  });

  it('a listener that throws is logged, and everything else goes on', async () => {
    const logger = new Keeping();
    Logger.overrideLogger(logger);
    const thrower = () => {
      throw new Error('the plain listener failed');
    };
    emitter.on('tenant.created', thrower);
    try {
      expect(await app.tenants.create({ slug: 'unwelcome' })).toMatchObject({ status: 'active' });
    } finally {
      emitter.off('tenant.created', thrower);
      Logger.overrideLogger(false);
    }
    expect(names()).toEqual(['tenant.creating', 'tenant.created']);
    expect(logger.errors.join('\n')).toMatch(/A listener of tenant\.created failed/);
    expect(logger.errors.join('\n')).toMatch(/the plain listener failed/);
    expect(logger.errors.join('\n')).toMatch(/the decorated listener failed/);
  });
});
