import { engines, type EngineSetup } from '../support/engines.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';

const ROUNDS = 25;

describe.each(engines)('settings on $name', ({ prepare }) => {
  let setup: EngineSetup;
  /** Two processes, as far as either can see. */
  let apps: readonly [TenancyApp, TenancyApp];
  beforeAll(async () => {
    setup = await prepare();
    apps = [await startTenancyApp(setup), await startTenancyApp(setup)];
    await apps[0].tenants.create({ slug: 'acme', settings: { plan: 'free' } });
  });
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await setup.cleanUp();
  });

  it('that functions make of those before are all there, however many there are at once', async () => {
    const names = Array.from({ length: ROUNDS }, (_, index) => `setting-${index}`);
    await Promise.all(
      names.map((name, index) =>
        apps[index % 2]!.tenants.update('acme', {
          settings: (settings) => ({ ...settings, [name]: index }),
        }),
      ),
    );
    const { settings } = await apps[0].tenants.get('acme');
    expect(settings).toEqual({
      plan: 'free',
      ...Object.fromEntries(names.map((name, index) => [name, index])),
    });
  });

  it('that are replaced as a whole at that moment are not brought back', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      await Promise.all([
        apps[0].tenants.update('acme', { settings: (settings) => ({ ...settings, made: true }) }),
        apps[1].tenants.update('acme', { settings: { round } }),
      ]);
      expect((await apps[0].tenants.get('acme')).settings).toMatchObject({ round });
    }
  });

  it('are as they were where the function throws, and so is the rest', async () => {
    await apps[0].tenants.update('acme', { settings: { plan: 'pro' } });
    const refusing = apps[0].tenants.update('acme', {
      name: 'Renamed',
      settings: () => {
        throw new RangeError('no such plan');
      },
    });
    await expect(refusing).rejects.toThrow(RangeError);
    const text = apps[0].tenants.update('acme', {
      name: 'Renamed',
      settings: () => JSON.parse('"text"'),
    });
    await expect(text).rejects.toMatchObject({ code: 'TENANT_INPUT_INVALID' });
    expect(await apps[1].tenants.get('acme')).toMatchObject({
      name: 'acme',
      settings: { plan: 'pro' },
    });
  });

  it('a function and a name that are given together are in force together, everywhere', async () => {
    const known = await apps[0].registry.byReference('acme');
    const updated = await apps[0].tenants.update(known, {
      name: 'Acme',
      settings: ({ plan }) => ({ was: plan }),
    });
    expect(updated).toMatchObject({ name: 'Acme', settings: { was: 'pro' } });
    const now = await apps[0].registry.byReference('acme');
    expect(now).toMatchObject({ name: 'Acme', settings: { was: 'pro' } });
  });
});
