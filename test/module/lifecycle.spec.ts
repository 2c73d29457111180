import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CentralOptions, TenancyModuleOptions } from '../../lib/index.js';
import { CENTRAL_MIGRATIONS } from '../../lib/migration/index.js';
import { ChildProgram, kill, nextMessage } from '../support/child-program.js';
import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { startServer, type RunningServer } from '../support/servers/index.js';
import { optionsOn, startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';
import { until } from '../support/until.js';
import type { Failure } from './child.js';

let program: ChildProgram;
beforeAll(() => {
  program = new ChildProgram('test/module/child.ts');
});
afterAll(() => program.dispose());

/** An account of its own, so that the server tells whose connections are open. */
interface Account {
  readonly setup: EngineSetup;
  /** How many connections the app has open; of SQLite, how many files. */
  connections(): Promise<number>;
  drop(): Promise<void>;
}

async function accountOn(setup: EngineSetup): Promise<Account> {
  const { admin, centralUrl, serverUrl } = setup;
  if (admin === undefined) {
    // The last handle on a file takes the file's log with it.
    const folders = [serverUrl, centralUrl.replace(/\/[^/]*$/, '')];
    const connections = async () => {
      const names = await Promise.all(folders.map((url) => readdir(url.replace(/^sqlite:/, ''))));
      return names.flat().filter((name) => name.endsWith('-wal')).length;
    };
    return { setup, connections, drop: () => Promise.resolve() };
  }
  const user = `app_${new URL(centralUrl).pathname.slice('/central_'.length)}`;
  await admin(`CREATE USER ${user} IDENTIFIED BY 'sesame'`);
  await admin(`GRANT ALL ON *.* TO ${user}`);
  const as = (url: string) => url.replace(/root:[^@]*@/, `${user}:sesame@`);
  return {
    setup: { ...setup, centralUrl: as(centralUrl), serverUrl: as(serverUrl) },
    // MySQL's information_schema.processlist fails on an emoji in the statement of anybody else.
    connections: async () =>
      (await admin('SHOW PROCESSLIST')).filter(({ User }) => User === user).length,
    drop: async () => {
      await admin(`DROP USER ${user}`);
    },
  };
}

describe.each(engines)('an app on $name', ({ name, prepare }) => {
  let setup: EngineSetup;
  let account: Account;
  beforeEach(async () => {
    setup = await prepare();
    account = await accountOn(setup);
  });
  afterEach(async () => {
    await account.drop();
    await setup.cleanUp();
  });

  const use = async (app: TenancyApp, slug: string) => {
    await app.tenants.create({ slug });
    await app.tenancy.run(slug, () =>
      app.pools.dataSource(app.tenancy.require()).query('SELECT COUNT(*) AS n FROM cache'),
    );
  };

  it('closes every connection when it is closed', async () => {
    const app = await startTenancyApp(account.setup);
    await Promise.all(['one', 'two', 'three'].map((slug) => use(app, slug)));
    expect(await account.connections()).toBeGreaterThan(1);
    await app.close();
    // The server takes a moment to see that the other end is gone.
    await until('no connection is left', async () => (await account.connections()) === 0);
    await expect(app.tenants.list()).rejects.toMatchObject({ code: 'POOL_CLOSED' });
  });

  it('lets its process end, after close() and after a signal', async () => {
    const [closed, stopped] = [program.start(), program.start()];
    // One after the other: together they would want the same tenants.
    for (const child of [closed, stopped]) {
      child.send({ start: optionsOn(account.setup) });
      expect(await nextMessage(child)).toBe('done');
    }
    closed.send('use');
    expect(await nextMessage(closed)).toBe('done');
    const ends = [once(closed, 'exit'), once(stopped, 'exit')];
    closed.send('close');
    stopped.kill('SIGTERM');
    expect(await Promise.all(ends)).toEqual([
      [0, null],
      [null, 'SIGTERM'],
    ]);
    await until('no connection is left', async () => (await account.connections()) === 0);
  });

  it('runs beside another one in the same process', async () => {
    const otherSetup = await prepare();
    const [one, other] = await Promise.all([startTenancyApp(setup), startTenancyApp(otherSetup)]);
    await Promise.all([use(one, 'acme'), use(other, 'acme'), use(other, 'only-here')]);
    expect((await one.tenants.get('acme')).id).not.toBe((await other.tenants.get('acme')).id);
    expect(await one.tenants.find('only-here')).toBeNull();
    await other.close();
    await use(one, 'later');
    expect((await databasesOf(setup).names()).length).toBe(2);
    await one.close();
    await otherSetup.cleanUp();
  });

  it('creates its central tables once, although several processes start at once', async () => {
    const children = [program.start(), program.start()];
    for (const child of children) child.send({ start: optionsOn(setup) });
    const [apps, answers] = await Promise.all([
      Promise.all([startTenancyApp(setup), startTenancyApp(setup)]),
      Promise.all(children.map((child) => nextMessage(child))),
    ]);
    expect(answers).toEqual(['done', 'done']);
    const [app] = apps;
    expect(await app.central.query('SELECT name FROM migrations')).toEqual(
      CENTRAL_MIGRATIONS.map((migration) => ({ name: migration.name })),
    );
    await Promise.all([...apps.map((one) => one.close()), ...children.map(kill)]);
  });

  describe('that cannot start', () => {
    const patience = { retryAttempts: 2, retryDelay: 1 };
    const startingOn = (changed: Partial<EngineSetup>, central: CentralOptions = {}) =>
      optionsOn(
        { ...setup, ...changed },
        { central: { typeorm: patience, ...central }, tenants: { typeorm: patience } },
      );
    let elsewhere: ChildProcess;
    beforeAll(() => {
      elsewhere = program.start();
    });
    afterAll(() => kill(elsewhere));
    /** Of an app in another process: what one that did not start leaves open, nobody closes. */
    const failureOf = async (options: TenancyModuleOptions): Promise<Failure> => {
      elsewhere.send({ start: options });
      return nextMessage<Failure>(elsewhere);
    };

    it('because a central migration fails says which', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-migration-'));
      const up = "up(queryRunner) { return queryRunner.query('SELECT 1 FROM nowhere'); }";
      await writeFile(
        join(folder, 'broken.js'),
        `exports.Broken = class Broken1700000000003 { ${up} async down() {} };`,
      );
      const migrations = [join(folder, '*.js')];
      expect((await failureOf(startingOn({}, { migrations }))).message).toMatch(/nowhere/);
      const mended = await startTenancyApp(setup);
      expect(await mended.central.query('SELECT name FROM migrations')).toHaveLength(
        CENTRAL_MIGRATIONS.length,
      );
      await mended.close();
      await rm(folder, { recursive: true });
    });

    if (name === 'sqlite') return;

    const withPassword = (url: string) => url.replace(/:[^:@/]*@/, ':open-sesame@');

    it('because of a wrong password says so, and never which', async () => {
      const failure = await failureOf(
        startingOn({
          centralUrl: withPassword(setup.centralUrl),
          serverUrl: withPassword(setup.serverUrl),
        }),
      );
      expect(failure.code).toBe('SERVER_UNREACHABLE');
      expect(failure.message).toMatch(/Cannot connect to server "(central|main)".*Access denied/);
      expect(failure.printed).not.toContain('open-sesame');
    });

    it.each([true, false])(
      'because its central database is missing says what to do (migrate: %s)',
      async (migrate) => {
        const centralUrl = setup.centralUrl.replace(/[^/]*$/, 'not_there');
        const failure = await failureOf(startingOn({ centralUrl }, { migrate }));
        expect(failure.code).toBe('CENTRAL_DATABASE_MISSING');
        expect(failure.message).toMatch(/"not_there".*CREATE DATABASE `not_there`/);
      },
    );

    describe('because the server is down', () => {
      let server: RunningServer;
      let down: Pick<EngineSetup, 'centralUrl' | 'serverUrl'>;
      beforeAll(async () => {
        server = await startServer(name);
        await server.query('CREATE DATABASE central');
        await server.kill();
        down = { centralUrl: `${server.url}/central`, serverUrl: server.url };
      });
      afterAll(() => server.stop());

      it('says which one', async () => {
        const failure = await failureOf(startingOn(down));
        const { host, password } = new URL(server.url);
        expect(failure.code).toBe('SERVER_UNREACHABLE');
        expect(failure.message).toMatch(/ECONNREFUSED/);
        expect(failure.message).toContain(host);
        expect(failure.printed).not.toContain(password);
      });

      it('waits for it', async () => {
        const patient = { retryAttempts: 1_000, retryDelay: 20 };
        const options = { central: { typeorm: patient }, tenants: { typeorm: patient } };
        const [app] = await Promise.all([
          startTenancyApp({ ...setup, ...down }, { options }),
          server.restart(),
        ]);
        expect(await app.tenants.create({ slug: 'acme' })).toMatchObject({ status: 'active' });
        await app.close();
      });
    });
  });
});
