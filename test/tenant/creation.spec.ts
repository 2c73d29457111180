import type { CreateTenant, TenantsOptions } from '../../lib/index.js';
import { databasesOf, type Databases } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { CreateNotes1700000000001, Note } from '../support/notes.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe.each(engines)('creating a tenant on $name', ({ name, prepare }) => {
  let setup: EngineSetup;
  let app: TenancyApp;
  let databases: Databases;
  let seed: TenantsOptions['seed'];

  beforeAll(async () => {
    setup = await prepare();
    databases = databasesOf(setup);
    app = await startTenancyApp(setup, {
      options: {
        tenants: {
          entities: [Note],
          migrations: [CreateNotes1700000000001],
          seed: async (tenant, dataSource) => seed?.(tenant, dataSource),
        },
      },
    });
  });
  beforeEach(() => {
    seed = undefined;
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  const databaseOf = (slug: string) => setup.databasePrefix + slug;
  const notesOf = async (slug: string) =>
    (
      await app.tenancy.run(slug, () =>
        app.pools.dataSource(app.tenancy.require()).manager.find(Note),
      )
    )
      .map(({ text }) => text)
      .toSorted();

  it('gives it a row, a database, its domains, and makes it active', async () => {
    const created = await app.tenants.create({
      slug: 'acme',
      name: 'Acme & Sons',
      domains: ['WWW.Acme.example.', 'acme.example'],
      settings: { plan: 'pro', limits: { users: 5 } },
    });
    expect(created).toMatchObject({
      id: expect.stringMatching(UUID),
      slug: 'acme',
      name: 'Acme & Sons',
      status: 'active',
      placement: { server: 'main', database: databaseOf('acme') },
      databaseOrigin: 'created',
      step: 'done',
      failure: null,
      settings: { plan: 'pro', limits: { users: 5 } },
      generation: 1,
      createdAt: expect.any(Date),
      updatedAt: expect.any(Date),
      deletedAt: null,
    });
    const domains = created.domains.map(({ host, isPrimary }) => ({ host, isPrimary }));
    expect(domains).toHaveLength(2);
    expect(domains).toContainEqual({ host: 'www.acme.example', isPrimary: true });
    expect(domains).toContainEqual({ host: 'acme.example', isPrimary: false });
    expect(await databases.names()).toContain(databaseOf('acme'));
    expect(await notesOf('acme')).toEqual(['migrated']);
  });

  it('puts cache, cache_locks and sessions into the database', async () => {
    await app.tenants.create({ slug: 'tables' });
    const query =
      name === 'sqlite'
        ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('cache', 'cache_locks', 'sessions')"
        : `SELECT table_name AS name FROM information_schema.tables
           WHERE table_schema = '${databaseOf('tables')}' AND table_name IN ('cache', 'cache_locks', 'sessions')`;
    const rows = await databases.query(databaseOf('tables'), query);
    expect(rows).toHaveLength(3);
    expect(
      await databases.query(databaseOf('tables'), 'SELECT name FROM migrations ORDER BY id'),
    ).toEqual([
      { name: 'CreateCacheAndSessions1000000000002' },
      { name: 'CreateNotes1700000000001' },
    ]);
  });

  it('with a slug alone: the name is the slug, there are no domains and settings', async () => {
    expect(await app.tenants.create({ slug: 'a-b-c' })).toMatchObject({
      name: 'a-b-c',
      placement: { database: databaseOf('a_b_c') },
      domains: [],
      settings: {},
    });
  });

  it('seeds it in its own context, with its own DataSource', async () => {
    seed = async (tenant, dataSource) => {
      expect(app.tenancy.require()).toBe(tenant);
      expect(Object.isFrozen(tenant)).toBe(true);
      await dataSource.manager.insert(Note, { text: `seeded for ${tenant.slug}` });
    };
    await app.tenants.create({ slug: 'seeded', domains: ['seeded.example'] });
    expect(await notesOf('seeded')).toEqual(['migrated', 'seeded for seeded']);
    expect(app.tenancy.current).toBeUndefined();
  });

  it('works from within another tenant, whose context stays', async () => {
    await app.tenants.create({ slug: 'outer' });
    await app.tenancy.run('outer', async () => {
      await app.tenants.create({ slug: 'inner' });
      expect(app.tenancy.require().slug).toBe('outer');
    });
    expect(await notesOf('inner')).toEqual(['migrated']);
  });

  it('undoes everything when the seed fails, and says after which step and why', async () => {
    seed = async (_tenant, dataSource) => {
      await dataSource.manager.insert(Note, { text: 'half' });
      throw new Error('the seed is mouldy');
    };
    const creating = app.tenants.create({ slug: 'mouldy', domains: ['mouldy.example'] });
    await expect(creating).rejects.toMatchObject({
      code: 'TENANT_PROVISIONING_FAILED',
      message:
        'Tenant "mouldy" could not be created: after step "migrated", the seed is mouldy. Nothing of it is left.',
      cause: expect.objectContaining({ message: 'the seed is mouldy' }),
    });
    expect(await app.tenants.find('mouldy')).toBeNull();
    expect(await app.tenants.find('mouldy.example')).toBeNull();
    expect(await databases.names()).not.toContain(databaseOf('mouldy'));

    seed = undefined;
    await app.tenants.create({ slug: 'mouldy', domains: ['mouldy.example'] });
    expect(await notesOf('mouldy')).toEqual(['migrated']);
  });

  it('names the seed’s failure also when the tenant vanishes under it', async () => {
    seed = async ({ id }) => {
      await app.central.query(`DELETE FROM tenancy_tenants WHERE id = '${id}'`);
      throw new Error('the seed is mouldy');
    };
    await expect(app.tenants.create({ slug: 'vanished' })).rejects.toMatchObject({
      code: 'TENANT_PROVISIONING_FAILED',
      message: expect.stringContaining('the seed is mouldy'),
    });
  });

  it('of two at once with one slug, makes exactly one', async () => {
    const both = await Promise.allSettled([
      app.tenants.create({ slug: 'twice', name: 'one', database: databaseOf('twice_one') }),
      app.tenants.create({ slug: 'twice', name: 'two', database: databaseOf('twice_two') }),
    ]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'TENANT_CONFLICT', message: expect.stringContaining('slug "twice"') },
    });
    const { name: winner } = await app.tenants.get('twice');
    expect((await databases.names()).filter((one) => one.includes('twice'))).toEqual([
      databaseOf(`twice_${winner}`),
    ]);
    expect(await notesOf('twice')).toEqual(['migrated']);
  });

  describe('is refused, and leaves what is there untouched,', () => {
    beforeAll(async () => {
      await app.tenants.create({ slug: 'first', domains: ['first.example'] });
      await app.tenants.create({ slug: 'gone' });
      await app.tenants.delete('gone', { confirm: 'gone', dropDatabase: true });
    });
    const COUNTS =
      'SELECT (SELECT COUNT(*) FROM tenancy_tenants) AS tenants, (SELECT COUNT(*) FROM tenancy_domains) AS domains';
    const everything = async () => ({
      names: await databases.names(),
      rows: await app.central.query(COUNTS),
    });

    it.each<[string, () => CreateTenant, () => string]>([
      [
        'the slug is taken',
        () => ({ slug: 'first', database: databaseOf('other') }),
        () => 'slug "first"',
      ],
      [
        'a domain is taken, in whatever spelling',
        () => ({ slug: 'second', domains: ['second.example', 'FIRST.example.'] }),
        () => 'domain "first.example"',
      ],
      [
        'the database is taken',
        () => ({ slug: 'second', database: databaseOf('first') }),
        () => `database "${databaseOf('first')}"`,
      ],
      [
        'the database is taken in other letters',
        () => ({ slug: 'second', database: databaseOf('FIRST') }),
        () => `database "${databaseOf('FIRST')}"`,
      ],
      [
        'the database to be adopted is taken',
        () => ({ slug: 'second', adoptDatabase: databaseOf('first') }),
        () => `database "${databaseOf('first')}"`,
      ],
      [
        'the slug belongs to a deleted tenant',
        () => ({ slug: 'gone', database: databaseOf('other') }),
        () => 'slug "gone"',
      ],
    ])('when %s', async (_when, input, what) => {
      const before = await everything();
      await expect(app.tenants.create(input())).rejects.toMatchObject({
        code: 'TENANT_CONFLICT',
        status: 409,
        message: expect.stringContaining(what()),
      });
      expect(await everything()).toEqual(before);
      expect(await notesOf('first')).toEqual(['migrated']);
    });
  });

  describe('where a database of that name is', () => {
    const foreign = async (slug: string) => {
      const database = databaseOf(slug);
      await databases.create(database);
      await databases.query(database, 'CREATE TABLE treasure (gold INT)');
      await databases.query(database, 'INSERT INTO treasure VALUES (42)');
      return database;
    };
    const treasureOf = (database: string) => databases.query(database, 'SELECT gold FROM treasure');

    it('is refused, and the database is left with its data', async () => {
      const database = await foreign('foreign');
      await expect(app.tenants.create({ slug: 'foreign' })).rejects.toMatchObject({
        code: 'TENANT_DATABASE_EXISTS',
        message: expect.stringContaining(`"${database}"`),
      });
      expect(await treasureOf(database)).toEqual([{ gold: 42 }]);
      expect(await databases.tables(database)).toEqual(['treasure']);
      expect(await app.tenants.find('foreign')).toBeNull();
    });

    it('is refused also when it is empty', async () => {
      await databases.create(databaseOf('empty'));
      await expect(app.tenants.create({ slug: 'empty' })).rejects.toMatchObject({
        code: 'TENANT_DATABASE_EXISTS',
      });
      expect(await databases.names()).toContain(databaseOf('empty'));
      expect(await databases.tables(databaseOf('empty'))).toEqual([]);
    });

    it('adopts it when asked by name: migrated, its rows kept', async () => {
      const database = await foreign('legacy');
      const adopted = await app.tenants.create({ slug: 'heir', adoptDatabase: database });
      expect(adopted).toMatchObject({
        status: 'active',
        databaseOrigin: 'adopted',
        placement: { database },
      });
      expect(await treasureOf(database)).toEqual([{ gold: 42 }]);
      expect(await databases.tables(database)).toEqual([
        'cache',
        'cache_locks',
        'migrations',
        'notes',
        'sessions',
        'treasure',
      ]);
      expect(await notesOf('heir')).toEqual(['migrated']);
    });

    it('keeps an adopted one when the creation fails', async () => {
      const database = await foreign('unlucky');
      seed = () => Promise.reject(new Error('no'));
      await expect(
        app.tenants.create({ slug: 'unlucky', adoptDatabase: database }),
      ).rejects.toMatchObject({ code: 'TENANT_PROVISIONING_FAILED' });
      expect(await app.tenants.find('unlucky')).toBeNull();
      expect(await treasureOf(database)).toEqual([{ gold: 42 }]);
    });

    it('refuses to adopt one that is not there', async () => {
      await expect(
        app.tenants.create({ slug: 'orphan', adoptDatabase: databaseOf('nowhere') }),
      ).rejects.toMatchObject({ code: 'TENANT_DATABASE_MISSING' });
      expect(await app.tenants.find('orphan')).toBeNull();
      expect(await databases.names()).not.toContain(databaseOf('nowhere'));
    });
  });

  it('makes many at once', async () => {
    const slugs = Array.from({ length: 12 }, (_, index) => `many-${index}`);
    await Promise.all(slugs.map((slug) => app.tenants.create({ slug })));
    for (const slug of slugs) expect(await notesOf(slug)).toEqual(['migrated']);
  });
});
