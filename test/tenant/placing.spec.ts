import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlaceTenant, ServerOptions } from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';

describe.each(engines)('placing new tenants on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let folder: string;
  let app: TenancyApp | undefined;
  let created = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-'));
  });
  beforeEach(async () => {
    setup = await prepare();
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    await setup.cleanUp();
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Three servers; where there is one in truth, it goes by three names. */
  const start = async (
    of: Readonly<Partial<Record<'one' | 'two' | 'three', Partial<ServerOptions>>>>,
    place?: PlaceTenant,
  ): Promise<TenancyApp> => {
    const servers = Object.entries(of).map(([name, options], index) => {
      const url = urlOf(setup.serverUrl, index, folder);
      return [name, { url, maxConnections: 5, ...options }] as const;
    });
    const tenants = { servers: Object.fromEntries(servers), place };
    return (app = await startTenancyApp(setup, { options: { tenants } }));
  };
  const create = async (more: { server?: string; settings?: Record<string, unknown> } = {}) => {
    const slug = `t${(created += 1)}`;
    const { placement } = await app!.tenants.create({ slug, ...more });
    return placement.server;
  };
  const createMany = async (amount: number) => {
    const servers: string[] = [];
    for (let index = 0; index < amount; index += 1) servers.push(await create());
    return servers;
  };

  it('goes to the one with the fewest, those that are equal in the order of the options', async () => {
    await start({ one: {}, two: {}, three: {} });
    expect(await createMany(6)).toEqual(['one', 'two', 'three', 'one', 'two', 'three']);
  });

  it('goes by the weights', async () => {
    await start({ one: {}, two: { weight: 2 }, three: { weight: 0.5 } });
    expect((await createMany(14)).toSorted()).toEqual([
      ...Array<string>(4).fill('one'),
      ...Array<string>(2).fill('three'),
      ...Array<string>(8).fill('two'),
    ]);
  });

  it('does not count deleted ones, and counts all others', async () => {
    const { tenants } = await start({ one: {}, two: {} });
    await create({ server: 'one' });
    await tenants.suspend(`t${created}`);
    expect(await create()).toBe('two');
    await create({ server: 'two' });
    await tenants.delete(`t${created}`, { confirm: `t${created}` });
    await create({ server: 'two' });
    await tenants.delete(`t${created}`, { confirm: `t${created}`, dropDatabase: true });
    expect(await create()).toBe('one');
    expect(await create()).toBe('two');
  });

  it('a closed server gets none, unless it is named', async () => {
    await start({ one: { acceptsTenants: false }, two: {}, three: {} });
    expect(await createMany(4)).toEqual(['two', 'three', 'two', 'three']);
    expect(await create({ server: 'one' })).toBe('one');
  });

  it('where all are closed, says so, and makes nothing', async () => {
    const closed = { acceptsTenants: false };
    const { tenants } = await start({ one: closed, two: closed });
    await expect(create()).rejects.toMatchObject({
      code: 'NO_SERVER_ACCEPTS_TENANTS',
      status: 503,
      message: expect.stringContaining('one, two'),
    });
    expect(await tenants.list()).toEqual({ tenants: [] });
    expect(await create({ server: 'two' })).toBe('two');
  });

  it('a server that is not there is refused', async () => {
    const { tenants } = await start({ one: {} });
    await expect(create({ server: 'four' })).rejects.toMatchObject({ code: 'SERVER_UNKNOWN' });
    expect(await tenants.list()).toEqual({ tenants: [] });
  });

  it('where there are several, a database to adopt is not looked for', async () => {
    const { tenants } = await start({ one: {}, two: {} });
    const adopting = tenants.create({ slug: 'heir', adoptDatabase: 'somewhere' });
    await expect(adopting).rejects.toMatchObject({ code: 'TENANT_INPUT_INVALID' });
  });

  describe('by the app’s own function', () => {
    it('which is given those that accept tenants, and the tenant', async () => {
      const given: unknown[] = [];
      await start(
        { one: {}, two: { weight: 3 }, three: { acceptsTenants: false } },
        async (servers, tenant) => {
          given.push([servers, tenant]);
          return tenant.settings['region'] === 'eu' ? 'two' : 'one';
        },
      );
      expect(await create({ settings: { region: 'eu' } })).toBe('two');
      expect(await create()).toBe('one');
      const eu = { slug: `t${created - 1}`, settings: { region: 'eu' } };
      expect(given).toEqual([
        [
          [
            { name: 'one', tenants: 0, weight: 1 },
            { name: 'two', tenants: 0, weight: 3 },
          ],
          eu,
        ],
        [
          [
            { name: 'one', tenants: 0, weight: 1 },
            { name: 'two', tenants: 1, weight: 3 },
          ],
          { slug: `t${created}`, settings: {} },
        ],
      ]);
    });

    it('is asked also where there is but one server, and not for one that names its server', async () => {
      let asked = 0;
      await start({ one: {} }, () => {
        asked += 1;
        return 'one';
      });
      await create();
      await create({ server: 'one' });
      expect(asked).toBe(1);
    });

    it.each(['three', 'nowhere', undefined])('that answers %s is refused', async (answer) => {
      const { tenants } = await start(
        { one: {}, two: {}, three: { acceptsTenants: false } },
        () => answer as string,
      );
      await expect(create()).rejects.toMatchObject({
        code: 'TENANT_PLACE_INVALID',
        message: expect.stringMatching(new RegExp(`"t${created}".*one, two`)),
      });
      expect(await tenants.list()).toEqual({ tenants: [] });
    });
  });
});

/** Another address for each: a folder of its own, or the same server under another name of this machine. */
function urlOf(url: string, index: number, folder: string): string {
  if (url.startsWith('sqlite:')) return `sqlite:${join(folder, String(index))}`;
  return url.replace('127.0.0.1', ['127.0.0.1', 'localhost', '127.1'][index]!);
}
