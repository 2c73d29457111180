import { CommandPackage } from '../cli/support/command-package.js';
import { environmentOf } from '../cli/support/cli-app.js';
import { databasesOf, type Databases } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { readGuide, sectionOf, stepsOf } from './guide-page.js';
import { GuidedApp, type Differences } from './guided-app.js';
import { leaveOldSystem } from './old-system.js';

// Each guide of docs/14-MIGRATION_GUIDES.md is followed: its files are written and its commands are typed, in an app that
// has data. What the app had, it must answer with afterwards.

jest.setTimeout(120_000);

const BEFORE = '### The app as it was';

const command = new CommandPackage();
afterAll(() => command.dispose());

describe.each(engines)('on $name', ({ name, prepare }) => {
  let setup: EngineSetup;
  let databases: Databases;
  let app: GuidedApp;
  const used: GuidedApp[] = [];
  beforeEach(async () => {
    setup = await prepare();
    databases = databasesOf(setup);
  });
  afterEach(async () => {
    await Promise.all(used.splice(0).map((each) => each.stop()));
    await setup.cleanUp();
  });

  /** The name of a database that the test may drop. */
  const named = (database: string) => `${setup.databasePrefix}${database}`;

  const appWith = (
    env: Record<string, string>,
    also = (code: string) => code,
    renamed: readonly string[] = [],
  ) => {
    const differences: Differences = {
      env: { ...environmentOf(setup), ...env },
      rewrite: (text) =>
        also(
          renamed.reduce(
            (code, database) => code.replaceAll(database, named(database)),
            onEngine(text),
          ),
        ),
    };
    const made = new GuidedApp(command, differences);
    used.push(made);
    return made;
  };

  /** The guides speak of MySQL. */
  const onEngine = (code: string) =>
    name === 'sqlite'
      ? code
          .replace(
            /type: 'mysql',(\s+)url: (.*),/g,
            "type: 'better-sqlite3',$1database: $2 + '.sqlite',",
          )
          .replaceAll("type: 'bigint'", "type: 'integer'")
      : code.replace("type: 'mysql'", `type: '${name}'`);

  /** Where an app without tenants finds a database. */
  const urlOf = (database: string) => `${setup.serverUrl.replace(/^sqlite:/, '')}/${database}`;

  describe('from a single-tenant app', () => {
    const guide = readGuide('From a single-tenant app');
    const steps = ['### 1.', '### 2.', '### 3.', '### 4.'].flatMap((start) =>
      stepsOf(
        sectionOf(
          guide,
          guide.split('\n').find((line) => line.startsWith(start))!,
        ),
      ),
    );
    const synchronized = '### When the tables were made by `synchronize`';

    it.each([
      ['migrations', (code: string) => code, []],
      [
        'synchronize',
        (code: string) =>
          code.replace(/migrations: \[\w+\],\s+migrationsRun: true/, 'synchronize: true'),
        stepsOf(sectionOf(guide, synchronized)),
      ],
    ])('whose tables were made by %s', async (_by, before, more) => {
      await databases.create(named('my_app'));
      app = appWith({ DATABASE_URL: urlOf(named('my_app')) }, before, ['my_app']);
      await app.follow(stepsOf(sectionOf(guide, BEFORE)));
      app.build();
      await app.start();
      await app.ask('/projects', {}, { name: 'Website' });
      await app.stop();

      await app.follow([...more, ...steps]);
      await app.start();
      const asked = (host: string) => app.ask('/projects', { host });
      const website = { status: 200, body: [{ id: 1, name: 'Website' }] };
      expect(await asked('app.example.com')).toEqual(website);
      expect(await asked('first.app.example.com')).toEqual(website);
      expect(await asked('second.app.example.com')).toEqual({ status: 200, body: [] });
      expect(await asked('nobody.app.example.com')).toMatchObject({ status: 404 });
      await app.ask('/projects', { host: 'second.app.example.com' }, { name: 'Theirs' });
      expect(await asked('app.example.com')).toEqual(website);
    });
  });

  it('from a Map of DataSources', async () => {
    const guide = readGuide('From a Map of DataSources');
    const customers = ['shop_acme', 'shop_globex'].map(named);
    // The list of customers is where the test has its central database.
    app = appWith({
      DATABASE_URL: setup.centralUrl.replace(/^sqlite:/, '').replace(/\.sqlite$/, ''),
      SERVER_URL: setup.serverUrl.replace(/^sqlite:/, ''),
    });
    await app.follow(stepsOf(sectionOf(guide, BEFORE)));
    app.build();
    await app.start();
    for (const database of customers) {
      await databases.create(database);
      const key = database.split('_').at(-1);
      await central(setup)(`INSERT INTO customers VALUES ('${key}', '${database}')`);
      await app.ask('/orders', { 'x-tenant': key! }, { article: `of ${key}` });
    }
    await app.stop();

    app.delete('src/tenant-connections.ts');
    await app.follow(stepsOf(guide.slice(guide.indexOf('### 1.'))));
    // Run again, it adopts nobody twice.
    await app.follow([{ commands: ['node dist/adopt-tenants.js'] }]);
    await app.start();
    const asked = (tenant: string) => app.ask('/orders', { 'x-tenant': tenant });
    expect(await asked('acme')).toEqual({ status: 200, body: [{ id: 1, article: 'of acme' }] });
    expect(await asked('globex')).toEqual({ status: 200, body: [{ id: 1, article: 'of globex' }] });
    expect(await asked('nobody')).toMatchObject({ status: 404 });
    expect(await databases.names()).toEqual(customers);
  });

  it('from the old two-file configuration', async () => {
    const guide = readGuide('From the old two-file configuration');
    await leaveOldSystem(setup, databases, central(setup), named);
    app = appWith({});
    await app.follow(stepsOf(guide));
    await app.start();
    const asked = (host: string) => app.ask('/projects', { host });
    const acme = { status: 200, body: [{ name: 'Theirs since 2019' }] };
    expect(await asked('acme.example.com')).toMatchObject(acme);
    expect(await asked('www.acme.com')).toMatchObject(acme);
    expect(await asked('globex.example.com')).toMatchObject({ status: 403 });
    expect(await asked('admin.example.com')).toMatchObject({ status: 404 });
    await app.follow([
      { commands: ['npx tenancy tenant create third --domain third.example.com'] },
    ]);
    expect(await asked('third.example.com')).toEqual({ status: 200, body: [] });
  });
});

/** SQL in the central database, past the app. */
function central(setup: EngineSetup): (sql: string) => Promise<unknown> {
  const at = setup.centralUrl.lastIndexOf('/');
  const name = setup.centralUrl.slice(at + 1).replace(/\.sqlite$/, '');
  const databases = databasesOf({ ...setup, serverUrl: setup.centralUrl.slice(0, at) });
  return (sql) => databases.query(name, sql);
}
