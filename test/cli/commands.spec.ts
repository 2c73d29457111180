import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { BARE_APP, CliApp, environmentOf, PROJECTS_APP, type Format } from './support/cli-app.js';
import { CommandPackage } from './support/command-package.js';
import { queryCentral } from './support/query-central.js';

jest.setTimeout(180_000);

interface TenantData {
  readonly slug: string;
  readonly name: string;
  readonly status: string;
  readonly database: string;
  readonly domains: readonly { host: string; primary: boolean }[];
  readonly settings: Record<string, unknown>;
}

const command = new CommandPackage();
afterAll(() => command.dispose());

describe.each(engines)('the command on $name', ({ prepare }) => {
  let setup: EngineSetup;
  beforeEach(async () => (setup = await prepare()));
  afterEach(() => setup.cleanUp());

  const appOf = (format: Format, files = BARE_APP) =>
    new CliApp(command, format, files, environmentOf(setup));

  it('leads a tenant through its life', async () => {
    const app = appOf('cjs');
    const { database } = await app.json<TenantData>(
      'tenant',
      'create',
      'acme',
      '--name=Acme Ltd',
      '--domain=www.acme.test',
      '--settings={"plan":"pro"}',
    );
    expect(await databasesOf(setup).names()).toEqual([database]);
    await app.json('tenant', 'update', 'acme', '--name', 'Acme Inc');
    await app.json('tenant', 'suspend', 'acme');
    await app.json('domain', 'add', 'acme', 'acme.test', '--primary');
    await app.json('domain', 'remove', 'acme', 'www.acme.test');
    expect(await app.json<TenantData>('tenant', 'show', 'acme.test')).toMatchObject({
      name: 'Acme Inc',
      status: 'suspended',
      domains: [{ host: 'acme.test', primary: true }],
      settings: { plan: 'pro' },
    });
    await app.json('tenant', 'activate', 'acme');
    await app.json('tenant', 'block', 'acme');
    await app.json('tenant', 'activate', 'acme');

    const unconfirmed = await app.run(['tenant', 'delete', 'acme']);
    expect(unconfirmed).toMatchObject({ code: 2, stdout: '' });
    expect(unconfirmed.stderr).toContain('--confirm');
    expect(await app.run(['tenant', 'delete', 'acme', '--confirm', 'acme'])).toMatchObject({
      code: 1,
    });
    await app.json('tenant', 'delete', 'acme', '--confirm', 'Acme Inc');
    expect(await app.json('tenant', 'list')).toEqual({ tenants: [], next: null });
    await app.json('tenant', 'restore', 'acme');
    await app.json('tenant', 'delete', 'acme', '--confirm', 'Acme Inc', '--drop-database');
    expect(await databasesOf(setup).names()).toEqual([]);
  });

  it.each<Format>(['cjs', 'esm'])(
    'boots the module of an app that is %s for its seeder and for scripts',
    async (format) => {
      const app = appOf(format, PROJECTS_APP);
      await app.json('tenant', 'create', 'acme');
      await app.json('tenant', 'create', 'broken');
      expect(await app.json('seed', '--tenant', 'acme')).toMatchObject({ done: ['acme'] });

      const one = await app.run(['run', 'scripts/names.ts', '--tenant', 'acme']);
      expect(one).toMatchObject({ code: 0 });
      expect(one.stdout).toContain("acme [ 'first' ]");

      const all = await app.run(['run', 'scripts/names.ts', '--all', '--keep-going', '--json']);
      expect(all.code).toBe(1);
      expect(JSON.parse(all.stdout)).toMatchObject({
        done: ['acme'],
        failed: [{ tenant: 'broken', message: 'Error: not this one' }],
      });
    },
  );

  it('works on as many of the named tenants at once as it is told to', async () => {
    const app = appOf('esm', {
      ...BARE_APP,
      'meet.ts': `
        let arrived = 0;
        let open = () => {};
        const both = new Promise<void>((resolve) => (open = resolve));
        export default async () => {
          arrived += 1;
          if (arrived === 2) open();
          await both;
        };
      `,
      'fail.ts': "export default () => { throw new Error('not this one'); };",
    });
    for (const slug of ['acme', 'other']) await app.json('tenant', 'create', slug);
    const named = ['--tenant', 'acme', '--tenant', 'other', '--concurrency'];
    expect(await app.json('run', 'meet.ts', ...named, '2')).toEqual({
      done: ['acme', 'other'],
      failed: [],
      notStarted: 0,
    });
    const failing = await app.run(['run', 'fail.ts', ...named, '1', '--json']);
    expect(JSON.parse(failing.stdout)).toMatchObject({
      failed: [{ tenant: 'acme' }],
      notStarted: 1,
    });
  });

  it('cleans away the test tenants that it made, and nothing else', async () => {
    const app = appOf('esm');
    const { database } = await app.json<TenantData>('tenant', 'create', 'acme');
    await app.json('test-tenants', 'create', '2');
    expect(await databasesOf(setup).names()).toHaveLength(3);

    await app.json('test-tenants', 'clean');
    expect(await databasesOf(setup).names()).toHaveLength(3);
    await app.json('test-tenants', 'clean', '--apply');
    expect(await databasesOf(setup).names()).toEqual([database]);
    expect(await app.json('tenant', 'list', '--status', 'deleted')).toMatchObject({ tenants: [] });

    const inProduction = await app.run(
      ['test-tenants', 'clean', '--apply', '--config', 'src/tenancy.config.ts'],
      { env: { NODE_ENV: 'production' } },
    );
    expect(inProduction).toMatchObject({ code: 1 });
    expect(inProduction.stderr).toContain('NODE_ENV=production');
  });

  it('finishes or undoes what a failure has left half done', async () => {
    const app = appOf('cjs', {
      'src/tenancy.config.ts': `
        import { defineTenancyConfig } from 'nestjs-tenancy';
        export default defineTenancyConfig({
          tenants: {
            seed: async () => {
              if (process.env.DIE) process.exit(9);
            },
          },
        });
      `,
    });
    for (const slug of ['acme', 'other']) {
      const died = await app.run(['tenant', 'create', slug], { env: { DIE: '1' } });
      expect(died.code).toBe(9);
    }
    expect(await app.json('tenant', 'repair', 'acme')).toMatchObject({
      repairs: [{ slug: 'acme', after: 'active' }],
    });
    // What is half deleted is no creation: it is neither told nor touched by an undo.
    await queryCentral(
      setup,
      "UPDATE tenancy_tenants SET status = 'deleted', step = 'dropping' WHERE slug = 'acme'",
    );
    const told = await app.json('tenant', 'repair', '--all', '--undo');
    expect(told).toEqual({ applied: false, wouldUndo: ['other'] });
    expect(await databasesOf(setup).names()).toHaveLength(2);
    await app.json('tenant', 'repair', '--all', '--undo', '--apply');
    expect(await databasesOf(setup).names()).toHaveLength(1);
    expect(await app.json('tenant', 'repair', '--all')).toMatchObject({
      repairs: [{ slug: 'acme', before: 'deleted, dropping', after: 'deleted, dropped' }],
    });
    expect(await databasesOf(setup).names()).toEqual([]);
  });
});

describe('the command line', () => {
  let setup: EngineSetup;
  const [{ prepare }] = engines;
  beforeEach(async () => (setup = await prepare()));
  afterEach(() => setup.cleanUp());

  it.each([
    [['tenant', 'nope']],
    [['tenant', 'create']],
    [['tenant', 'create', 'acme', '--settings', '[]']],
    [['tenant', 'list', '--limit', '0']],
    [['seed']],
    [['seed', '--all', '--tenant', 'acme']],
    [['run', 'nowhere.ts', '--all']],
    [['tenant', 'repair']],
    [['test-tenants', 'create', 'x']],
  ])('ends with 2 where it cannot be meant so: %j', async (args) => {
    const app = new CliApp(command, 'cjs', BARE_APP, environmentOf(setup));
    expect(await app.run(args)).toMatchObject({ code: 2, stdout: '' });
  });

  it('says what a seeder lacks without the app, and that nothing is left', async () => {
    const config = PROJECTS_APP['src/tenancy.config.ts'].replace(/export const app.*/, '');
    const files = { ...PROJECTS_APP, 'src/tenancy.config.ts': config };
    const app = new CliApp(command, 'cjs', files, environmentOf(setup));
    const { code, stderr } = await app.run(['tenant', 'create', 'acme']);
    expect(code).toBe(1);
    expect(stderr).toContain("export const app = () => import('./app.module.js')");
    expect(await databasesOf(setup).names()).toEqual([]);
  });

  it('ends with 1 and the code of the error where it fails', async () => {
    const app = new CliApp(command, 'esm', BARE_APP, environmentOf(setup));
    const { code, stdout } = await app.run(['tenant', 'show', 'nobody', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'TENANT_NOT_FOUND' } });
  });
});
