import type { ConnectionShare, CurrentTenant } from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';

describe.each(engines)('tenants.share on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: TenancyApp;
  let asked: CurrentTenant[] = [];
  let share: (tenant: CurrentTenant) => unknown;
  beforeAll(async () => {
    setup = await prepare();
    const answer = (tenant: CurrentTenant) => {
      asked.push(tenant);
      return share(tenant) as ConnectionShare;
    };
    app = await startTenancyApp(setup, {
      options: {
        tenants: {
          servers: { main: { url: setup.serverUrl, maxConnections: 4 } },
          share: answer,
        },
      },
    });
    share = () => ({});
    await app.tenants.create({ slug: 'acme', settings: { plan: 'pro' } });
    await app.tenants.create({ slug: 'other' });
  });
  beforeEach(() => {
    app.registry.invalidate();
    asked = [];
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const lookup = async (slug: string) => app.registry.byReference(slug);

  it('is asked with the tenant when it is read, once, and is part of its placement', async () => {
    share = ({ settings }) => (settings['plan'] === 'pro' ? { max: 3, reserved: 2 } : { max: 1 });
    const acme = await lookup('acme');
    expect(acme.placement.share).toEqual({ max: 3, reserved: 2 });
    expect(await lookup('acme')).toBe(acme);
    expect(asked).toMatchObject([{ slug: 'acme', settings: { plan: 'pro' } }]);
    expect(Object.isFrozen(asked[0])).toBe(true);
    expect((await lookup('other')).placement.share).toEqual({ max: 1 });
    for await (const { slug, placement } of app.registry.all()) {
      expect(placement.share?.max).toBe(slug === 'acme' ? 3 : 1);
    }
  });

  it('holds for a tenant that TenantService gives, which is not changed by it', async () => {
    share = () => ({ max: 1 });
    const tenant = await app.tenants.get('acme');
    expect(asked).toEqual([]);
    expect(tenant.placement.share).toEqual({ max: 1 });
    expect(Object.isFrozen(tenant.settings)).toBe(false);
    expect(JSON.stringify(tenant)).not.toContain('share');
  });

  it('is what the pool goes by', async () => {
    share = ({ slug }) => (slug === 'acme' ? { max: 1 } : {});
    const queryRunners = await app.tenancy.run('acme', async () => {
      const dataSource = app.pools.dataSource(app.tenancy.require());
      const [first, second] = [dataSource.createQueryRunner(), dataSource.createQueryRunner()];
      await first.connect();
      void second.connect();
      return [first, second];
    });
    expect(app.pools.stats().servers).toMatchObject([{ leased: 1, waiting: 1 }]);
    for (const queryRunner of queryRunners) {
      await queryRunner.connect();
      await queryRunner.release();
    }
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'is undefined'],
    ['null', null, 'is null'],
    ['a number', 3, 'is 3'],
    ['a promise', Promise.resolve({ max: 1 }), 'is a promise'],
    ['an unknown key', { maximum: 1 }, 'has a "maximum"'],
    ['no connection', { max: 0 }, 'has the max 0'],
    ['half a connection', { max: 1.5 }, 'has the max 1.5'],
    ['a text', { max: '1' }, "has the max '1'"],
    ['all of them', { max: Infinity }, 'has the max Infinity'],
    ['less than nothing', { reserved: -1 }, 'has the reserved -1'],
    ['half a reserve', { max: 2, reserved: 0.5 }, 'has the reserved 0.5'],
    ['more than it may have', { max: 2, reserved: 3 }, 'reserves 3 of at most 2'],
  ])('an answer of %s is refused, naming the tenant', async (_what, answer, problem) => {
    share = () => answer;
    const refusal = {
      code: 'TENANT_SHARE_INVALID',
      message: expect.stringContaining(`tenant "acme" ${problem}.`),
    };
    await expect(lookup('acme')).rejects.toMatchObject(refusal);
    // Not remembered: the next answer counts.
    share = () => ({ max: 2, reserved: 0 });
    expect((await lookup('acme')).placement.share).toEqual({ max: 2, reserved: 0 });
  });
});
