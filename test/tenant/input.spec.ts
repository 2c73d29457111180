import type { CreateTenant, UpdateTenant } from '../../lib/index.js';
import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';

// What cannot be is refused before any database is asked: one engine stands for all.
describe.each(engines.slice(0, 1))('input of TenantService', ({ prepare }) => {
  let setup: EngineSetup;
  let app: TenancyApp;
  beforeAll(async () => {
    setup = await prepare();
    app = await startTenancyApp(setup);
    await app.tenants.create({ slug: 'acme', domains: ['acme.example'] });
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const refused = (problem: string) => ({
    code: 'TENANT_INPUT_INVALID',
    status: 400,
    message: expect.stringContaining(problem),
    response: { message: expect.stringContaining(problem) },
  });

  const SLUGS = ['', 'Acme', 'a b', '-a', 'a-', 'a_b', 'a.b', 'ä', 'a'.repeat(64)];
  const uuid = '0b2f9ac3-91c5-4b9e-8a51-6f0e3a8a2f11';
  const settings = (value: unknown) => value as CreateTenant['settings'];

  it.each<[string, Partial<CreateTenant>, string]>([
    ...SLUGS.map((slug): [string, Partial<CreateTenant>, string] => [
      `the slug "${slug}"`,
      { slug },
      `slug "${slug}"`,
    ]),
    ['a slug that looks like an id', { slug: uuid }, `slug "${uuid}"`],
    ['an empty name', { name: ' ' }, 'name must have 1 to 255 characters'],
    ['a name of 256 characters', { name: 'n'.repeat(256) }, 'name must have 1 to 255 characters'],
    ['a URL for a host', { domains: ['https://a.example'] }, 'domain "https://a.example"'],
    ['a host with a blank', { domains: ['a.example', 'b .example'] }, 'domain "b .example"'],
    ['an IPv6 address for a host', { domains: ['[::1]'] }, 'domain "[::1]"'],
    ['an empty host', { domains: [''] }, 'domain ""'],
    ['a database with a quote', { database: 'a`b' }, 'database "a`b" has characters other than'],
    ['a database that leaves its folder', { database: '../a' }, 'database "../a" has characters'],
    ['an empty database', { database: '' }, 'database "" has characters other than'],
    ['a reserved database', { database: 'Mysql' }, 'database "Mysql" is reserved'],
    ['a reserved database to adopt', { adoptDatabase: 'information_schema' }, 'is reserved'],
    ['the central database', { database: 'CENTRAL' }, 'database "CENTRAL" is reserved'],
    ['the central database to adopt', { adoptDatabase: 'central' }, 'is reserved'],
    ['a database of 65 characters', { database: 'd'.repeat(65) }, 'is longer than 64 characters'],
    [
      'a slug whose database would have 65 characters',
      { slug: 's'.repeat(65 - 'tenant_'.length) },
      'is longer than 64 characters',
    ],
    ['a list for settings', { settings: settings([]) }, 'settings must be an object'],
    ['a text for settings', { settings: settings('{}') }, 'settings must be an object'],
  ])('create refuses %s', async (_what, input, problem) => {
    const before = await app.tenants.list();
    await expect(app.tenants.create({ slug: 'new', ...input })).rejects.toMatchObject(
      refused(problem),
    );
    expect(await app.tenants.list()).toEqual(before);
    expect(await databasesOf(setup).names()).toEqual(['tenant_acme']);
  });

  it('create refuses a server that the options do not name', async () => {
    await expect(app.tenants.create({ slug: 'new', server: 'moon' })).rejects.toMatchObject({
      code: 'SERVER_UNKNOWN',
      message: expect.stringMatching(/"moon".*Known: main/s),
    });
  });

  it.each<[UpdateTenant, string]>([
    [{ slug: 'Acme' }, 'slug "Acme"'],
    [{ slug: 'fine', name: '' }, 'name must have'],
    [{ settings: settings(null) }, 'settings must be an object'],
  ])('update refuses %j, and changes nothing', async (change, problem) => {
    const before = await app.tenants.get('acme');
    await expect(app.tenants.update('acme', change)).rejects.toMatchObject(refused(problem));
    expect(await app.tenants.get('acme')).toEqual(before);
  });

  it.each(['https://a.example', '', 'a..b'])('addDomain refuses "%s"', async (host) => {
    await expect(app.tenants.addDomain('acme', host)).rejects.toMatchObject(
      refused(`domain "${host}"`),
    );
  });

  it.each([0, -1, 1.5, Number.NaN])('list refuses the limit %d', async (limit) => {
    await expect(app.tenants.list({ limit })).rejects.toMatchObject(refused('limit must be'));
  });

  it('a slug and a database of the greatest length are fine', async () => {
    const slug = 's'.repeat(63);
    const database = 'd'.repeat(64);
    expect(await app.tenants.create({ slug, database })).toMatchObject({ status: 'active' });
    await app.tenants.delete(slug, { confirm: slug, dropDatabase: true });
  });
});
