import type { TenancyModuleOptions } from '../../lib/index.js';
import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { CreateNotes1700000000001, Note } from '../support/notes.js';
import { SilentLogger } from '../support/silent-logger.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';
import {
  counted,
  MakeCounted1700000000005,
  MakeMany1700000000004,
  MakeRandom1700000000003,
  MakeRecorded1700000000002,
  MakeRich1700000000001,
  Recorded,
} from './rich-migrations.js';
import { wholeDatabase } from './whole-database.js';

type Tenants = NonNullable<TenancyModuleOptions['tenants']>;

describe.each(engines)('a template of the schema on $name', ({ name, prepare }) => {
  let setup: EngineSetup;
  const apps: TenancyApp[] = [];
  beforeEach(async () => {
    setup = await prepare();
    counted.runs = 0;
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await setup.cleanUp();
  });

  const start = async (migrations: Tenants['migrations'], tenants: Tenants = {}) => {
    const typeorm = { logger: new SilentLogger() };
    const options = { tenants: { entities: [Note], typeorm, ...tenants, migrations } };
    const app = await startTenancyApp(setup, { options });
    apps.push(app);
    return app;
  };
  const create = async (app: TenancyApp, ...slugs: string[]) => {
    for (const slug of slugs) await app.tenants.create({ slug });
  };
  const whole = (slug: string) => wholeDatabase(setup, `${setup.databasePrefix}${slug}`);
  const template = async ({ central }: TenancyApp) => {
    const [row] = await central.query('SELECT state, refusal, dump FROM tenancy_templates');
    return row as { state: string; refusal: string | null; dump: string } | undefined;
  };

  it('makes what the migrations make, all of it', async () => {
    const migrations = [
      MakeRich1700000000001,
      // SQLite's query runner of TypeORM takes other expressions.
      ...(name === 'sqlite' ? [] : [MakeRecorded1700000000002]),
      MakeCounted1700000000005,
    ];
    const app = await start(migrations, { entities: [Note, Recorded] });
    await create(app, 'a', 'b');
    expect(await template(app)).toMatchObject({ state: 'confirmed', refusal: null });
    await create(app, 'c', 'd');
    expect(counted.runs).toBe(2);
    const migrated = await whole('a');
    expect(await whole('b')).toEqual(migrated);
    expect(await whole('c')).toEqual(migrated);
    expect(await whole('d')).toEqual(migrated);
    const states = await app.central.query(
      'SELECT DISTINCT fingerprint, version, half_way, failure FROM tenancy_schemas',
    );
    expect(states).toHaveLength(1);
  });

  it('is used by another process that has made no tenant yet', async () => {
    const migrations = [MakeCounted1700000000005];
    await create(await start(migrations), 'a', 'b');
    await create(await start(migrations), 'c', 'd');
    expect(counted.runs).toBe(2);
    expect(await whole('d')).toEqual(await whole('a'));
  });

  it('is made anew for another version of the schema', async () => {
    await create(await start([CreateNotes1700000000001]), 'a', 'b');
    const app = await start([CreateNotes1700000000001, MakeCounted1700000000005]);
    await create(app, 'c', 'd', 'e');
    expect(counted.runs).toBe(2);
    expect(await whole('e')).toEqual(await whole('c'));
    expect(await app.central.query('SELECT state FROM tenancy_templates')).toEqual([
      { state: 'confirmed' },
    ]);
  });

  it('is not made where migrations make each tenant another', async () => {
    const app = await start([MakeRandom1700000000003]);
    await create(app, 'a', 'b', 'c');
    expect(await template(app)).toEqual({
      state: 'refused',
      refusal: expect.stringMatching(/differ in: INSERT INTO .dice/),
      dump: '[]',
    });
    const values = await Promise.all(
      ['a', 'b', 'c'].map((slug) =>
        databasesOf(setup).query(`${setup.databasePrefix}${slug}`, 'SELECT value FROM dice'),
      ),
    );
    expect(new Set(values.map(([row]) => row!.value)).size).toBe(3);
  });

  it('is not made of many rows', async () => {
    const app = await start([MakeMany1700000000004, MakeCounted1700000000005]);
    await create(app, 'a', 'b', 'c');
    expect(counted.runs).toBe(3);
    expect(await template(app)).toMatchObject({
      state: 'refused',
      refusal: expect.stringContaining('more than 2000 rows'),
    });
  });

  it('is not made with tenants.template: false', async () => {
    const app = await start([MakeCounted1700000000005], { template: false });
    await create(app, 'a', 'b', 'c');
    expect(counted.runs).toBe(3);
    expect(await template(app)).toBeUndefined();
  });

  it.each([
    ['a statement that the server refuses', 'CREATE TABLE counted (id int)'],
    ['a statement more', 'CREATE TABLE surplus (id int)'],
  ])('that has %s gives way to the migrations', async (_what, statement) => {
    const migrations = [MakeCounted1700000000005];
    await create(await start(migrations), 'a', 'b');
    const app = await start(migrations);
    const { dump } = (await template(app))!;
    const broken = JSON.stringify([...(JSON.parse(dump) as string[]), statement]);
    await app.central.query('UPDATE tenancy_templates SET dump = ?', [broken]);
    await create(app, 'c', 'd');
    expect(counted.runs).toBe(4);
    expect(await whole('c')).toEqual(await whole('a'));
    expect(await template(app)).toMatchObject({ state: 'refused' });
  });

  it('of another server’s version is made anew', async () => {
    const migrations = [MakeCounted1700000000005];
    await create(await start(migrations), 'a', 'b');
    const app = await start(migrations);
    await app.central.query("UPDATE tenancy_templates SET circumstances = 'older'");
    await create(app, 'c', 'd', 'e');
    expect(counted.runs).toBe(4);
    expect(await template(app)).toMatchObject({ state: 'confirmed' });
  });

  it('is learnt by many at once', async () => {
    const app = await start([MakeCounted1700000000005]);
    const slugs = ['a', 'b', 'c', 'd', 'e', 'f'];
    await Promise.all(slugs.map((slug) => app.tenants.create({ slug })));
    const { runs } = counted;
    await create(app, 'g', 'h');
    expect(counted.runs).toBe(runs);
    expect(await whole('h')).toEqual(await whole('a'));
  });
});
