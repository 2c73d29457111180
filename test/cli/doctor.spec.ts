import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { describeServers } from '../support/describe-servers.js';
import { startRedis } from '../support/redis.js';
import { selectedServers } from '../support/selected-engines.js';
import { startServer } from '../support/servers/index.js';
import { BARE_APP, CliApp, environmentOf } from './support/cli-app.js';
import { CommandPackage } from './support/command-package.js';
import { prepareServer, type ServerSetup } from './support/server-setup.js';

jest.setTimeout(120_000);

interface Diagnosis {
  readonly check: string;
  readonly level: string;
  readonly subject: string;
  readonly message: string;
  readonly remedy?: string;
}

const command = new CommandPackage();
afterAll(() => command.dispose());

/** What the doctor says that is not in order, and how the command ends. */
async function doctor(app: CliApp, options: Parameters<CliApp['run']>[1] = {}) {
  const { code, stdout, stderr } = await app.run(['doctor', '--json'], options);
  if (!stdout.startsWith('{')) throw new Error(`No answer: ${stdout}${stderr}`);
  const { diagnoses } = JSON.parse(stdout) as { diagnoses: Diagnosis[] };
  return { code, stdout, unwell: diagnoses.filter(({ level }) => level !== 'ok') };
}

describe.each(engines)('the doctor on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: CliApp;
  beforeEach(async () => {
    setup = await prepare();
    // As the docs say to create it.
    await setup.admin?.(
      `ALTER DATABASE ${setup.centralUrl.split('/').at(-1)} CHARACTER SET utf8mb4`,
    );
    app = new CliApp(command, 'cjs', BARE_APP, environmentOf(setup));
  });
  afterEach(() => setup.cleanUp());

  it('finds nothing wrong where nothing is, and leaves nothing behind', async () => {
    const { database } = await app.json<{ database: string }>('tenant', 'create', 'acme');
    expect(await doctor(app)).toMatchObject({ code: 0, unwell: [] });
    expect(await databasesOf(setup).names()).toEqual([database]);
  });

  it('names a table that is missing, and a migration that the code does not have', async () => {
    const { database } = await app.json<{ database: string }>('tenant', 'create', 'acme');
    const databases = databasesOf(setup);
    await databases.query(database, 'DROP TABLE sessions');
    const row = "(1800000000000, 'FromTheFuture1800000000000')";
    await databases.query(database, `INSERT INTO migrations (timestamp, name) VALUES ${row}`);
    const { code, unwell } = await doctor(app);
    expect(code).toBe(1);
    expect(unwell).toEqual([
      expect.objectContaining({
        check: 'tables',
        subject: 'tenant acme',
        message: expect.stringContaining('sessions'),
        remedy: expect.stringContaining('CreateCacheAndSessions'),
      }),
      expect.objectContaining({
        check: 'migrations',
        subject: 'tenant acme',
        message: expect.stringContaining('FromTheFuture1800000000000'),
      }),
    ]);
  });

  it('names a Redis that does not answer, and not one that does', async () => {
    await app.json('tenant', 'list'); // makes the central tables
    const redis = await startRedis('--requirepass', 'hidden');
    const env = { TENANCY_REDIS_URL: redis.url.replace('//', '//:hidden@') };
    try {
      expect(await doctor(app, { env })).toMatchObject({ code: 0, unwell: [] });
    } finally {
      await redis.stop();
    }
    const { code, stdout, unwell } = await doctor(app, { env });
    expect(code).toBe(1);
    expect(unwell).toEqual([
      expect.objectContaining({
        check: 'redis',
        level: 'problem',
        message: expect.stringContaining('ECONNREFUSED'),
        remedy: expect.stringContaining('TENANCY_REDIS_URL'),
      }),
    ]);
    expect(stdout).not.toContain('hidden');
  });

  it('names every option that is refused', async () => {
    app.write({
      'src/tenancy.config.ts': 'export default { tenants: { databasePrefix: "NO" }, pol: {} };',
    });
    const { code, unwell } = await doctor(app);
    expect(code).toBe(1);
    expect(unwell.map(({ subject }) => subject)).toEqual(['pol', 'tenants.databasePrefix']);
  });
});

describe('the doctor on SQLite', () => {
  it('names a folder that cannot be written to', async () => {
    const app = new CliApp(command, 'esm', BARE_APP);
    // The build of the configuration goes there.
    chmodSync(join(app.folder, 'node_modules'), 0o777);
    const folder = join(app.folder, '.tenancy');
    mkdirSync(folder, { mode: 0o555 });
    chmodSync(app.folder, 0o755);
    const asRoot = process.getuid?.() === 0;
    const { code, unwell } = await doctor(app, asRoot ? { uid: 65_534 } : {});
    expect(code).toBe(1);
    expect(unwell).toContainEqual(
      expect.objectContaining({
        check: 'folders',
        message: expect.stringContaining(folder),
        remedy: expect.stringContaining('chown'),
      }),
    );
  });
});

describeServers('the doctor on a %s server', (kind) => {
  let setup: EngineSetup;
  let admin: ServerSetup['admin'];
  beforeEach(async () => {
    ({ setup, admin } = await prepareServer(kind));
  });
  afterEach(() => setup.cleanUp());

  const PASSWORD = 'S3cret/of:the@app';
  const SPELT = encodeURIComponent(PASSWORD);
  const centralName = () => setup.centralUrl.split('/').at(-1) ?? '';
  const escaped = (name: string) => name.replaceAll('_', '\\_');

  /** An account of its own for the app, with these grants. */
  async function appOf(user: string, grants: readonly string[], password = SPELT) {
    await admin(`CREATE USER ${user}@'%' IDENTIFIED BY '${PASSWORD}'`);
    for (const grant of grants) await admin(`GRANT ${grant} TO ${user}@'%'`);
    const as = (url: string) => url.replace(/\/\/[^@]*@/, `//${user}:${password}@`);
    return new CliApp(command, 'cjs', BARE_APP, {
      ...environmentOf(setup),
      TENANCY_CENTRAL_URL: as(setup.centralUrl),
      TENANCY_SERVER_URL: as(setup.serverUrl),
    });
  }

  const all = () => [
    `ALL PRIVILEGES ON \`${escaped(setup.databasePrefix)}%\`.*`,
    `ALL PRIVILEGES ON \`${escaped(centralName())}\`.*`,
  ];

  it('names a wrong password, and repeats neither', async () => {
    const app = await appOf('app_wrong', all(), 'another-Secret');
    const { code, stdout, unwell } = await doctor(app);
    await admin("DROP USER app_wrong@'%'");
    expect(code).toBe(1);
    expect(unwell).toEqual(
      ['central', 'main'].map((subject) =>
        expect.objectContaining({
          check: 'connections',
          subject,
          message: expect.stringContaining('refuses the account "app_wrong"'),
          remedy: expect.stringContaining('password is wrong'),
        }),
      ),
    );
    expect(stdout).not.toContain('another-Secret');
    expect(stdout).not.toContain(PASSWORD);
  });

  it('prints the grant that is missing, which is enough', async () => {
    const some = 'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER';
    const app = await appOf('app_few', [
      `${some} ON \`${escaped(setup.databasePrefix)}%\`.*`,
      `ALL PRIVILEGES ON \`${escaped(centralName())}\`.*`,
    ]);
    const { code, unwell } = await doctor(app);
    const grants = unwell
      .filter(({ check }) => check === 'privileges')
      .map(({ remedy = '' }) => remedy.slice(remedy.indexOf('GRANT')));
    expect(code).toBe(1);
    expect(grants).toEqual([
      // MariaDB takes CREATE for it.
      `GRANT INDEX${kind === 'mysql' ? ', REFERENCES' : ''} ON \`${escaped(setup.databasePrefix)}%\`.* TO 'app_few'@'%';`,
    ]);
    for (const grant of grants) await admin(grant);
    const after = await doctor(app);
    await admin("DROP USER app_few@'%'");
    expect(after.unwell.filter(({ level }) => level === 'problem')).toEqual([]);
  });

  it('prints the grant for an account that may create nothing', async () => {
    const app = await appOf('app_none', [`ALL PRIVILEGES ON \`${escaped(centralName())}\`.*`]);
    const { unwell } = await doctor(app);
    const grants = unwell
      .filter(({ check }) => check === 'privileges')
      .map(({ remedy = '' }) => remedy.slice(remedy.indexOf('GRANT')));
    for (const grant of grants) await admin(grant);
    const after = await doctor(app);
    await admin("DROP USER app_none@'%'");
    expect(grants).toHaveLength(1);
    expect(after.unwell.filter(({ level }) => level === 'problem')).toEqual([]);
  });

  it('names a central database and a tenant’s that cannot hold every character', async () => {
    const app = new CliApp(command, 'esm', BARE_APP, environmentOf(setup));
    const { database } = await app.json<{ database: string }>('tenant', 'create', 'acme');
    for (const name of [database, centralName()]) {
      await admin(`ALTER DATABASE \`${name}\` CHARACTER SET latin1 COLLATE latin1_swedish_ci`);
    }
    const { code, unwell } = await doctor(app);
    expect(code).toBe(1);
    expect(unwell).toEqual(
      [centralName(), database].map((name) =>
        expect.objectContaining({
          check: 'character sets',
          message: expect.stringContaining(`"${name}"`),
          remedy: expect.stringContaining('utf8mb4'),
        }),
      ),
    );
  });

  it('does the arithmetic of connections', async () => {
    const app = new CliApp(command, 'cjs', BARE_APP, environmentOf(setup));
    const { code, unwell } = await doctor(app, { env: { TENANCY_PROCESSES: '20' } });
    expect(code).toBe(1);
    expect(unwell).toContainEqual(
      expect.objectContaining({
        check: 'connection arithmetic',
        message: expect.stringContaining('max_connections'),
        remedy: expect.stringContaining('lower maxConnections'),
      }),
    );
  });

  it('names a clock that is off', async () => {
    const server = await startServer(kind, {
      settings: ['--init-connect=SET timestamp = 1700000000'],
    });
    try {
      // Whom the server's set-up of sessions is for: nobody who administers it.
      await server.query("CREATE USER app@'%' IDENTIFIED BY 'app-Pw1'");
      await server.query('CREATE DATABASE central CHARACTER SET utf8mb4');
      await server.query("GRANT ALL PRIVILEGES ON `tenant\\_%`.* TO app@'%'");
      await server.query("GRANT ALL PRIVILEGES ON central.* TO app@'%'");
      const url = server.url.replace(/\/\/[^@]*@/, '//app:app-Pw1@');
      const app = new CliApp(command, 'cjs', BARE_APP, {
        TENANCY_CENTRAL_URL: `${url}/central`,
        TENANCY_SERVER_URL: url,
      });
      const { code, unwell } = await doctor(app);
      expect(code).toBe(1);
      expect(unwell).toContainEqual(
        expect.objectContaining({
          check: 'clocks',
          subject: 'main',
          message: expect.stringMatching(/\d+ s behind/),
          remedy: expect.stringContaining('NTP'),
        }),
      );
    } finally {
      await server.stop();
    }
  });
});

const withMariadb = selectedServers.includes('mariadb') ? describe : describe.skip;
withMariadb('the doctor on an old server', () => {
  it('says from which version on it is supported', async () => {
    const server = await startServer('mariadb', { settings: ['--version=10.6.12-MariaDB'] });
    try {
      await server.query('CREATE DATABASE central CHARACTER SET utf8mb4');
      const app = new CliApp(command, 'cjs', BARE_APP, {
        TENANCY_CENTRAL_URL: `${server.url}/central`,
        TENANCY_SERVER_URL: server.url,
      });
      const { code, unwell } = await doctor(app);
      expect(code).toBe(1);
      expect(unwell).toContainEqual(
        expect.objectContaining({
          check: 'versions',
          message: 'is MariaDB 10.6.12, older than MariaDB 10.11',
          remedy: expect.stringContaining('Upgrade'),
        }),
      );
    } finally {
      await server.stop();
    }
  });
});
