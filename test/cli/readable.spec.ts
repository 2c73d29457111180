import { engines, type EngineSetup } from '../support/engines.js';
import { BARE_APP, CliApp, environmentOf } from './support/cli-app.js';
import { CommandPackage } from './support/command-package.js';

jest.setTimeout(180_000);

const command = new CommandPackage();
afterAll(() => command.dispose());

/** An app whose seeder ends the process, and whose next migration fails after its first statement. */
const FAILING_APP = {
  'src/tenancy.config.ts': `
    import { defineTenancyConfig } from 'nestjs-tenancy';
    import { type MigrationInterface, type QueryRunner } from 'typeorm';
    class AddLabels1700000000001 implements MigrationInterface {
      async up(queryRunner: QueryRunner) {
        await queryRunner.query('CREATE TABLE labels (id int)');
        await queryRunner.query('CREATE TABLE labels (id int)');
      }
      async down(queryRunner: QueryRunner) {
        await queryRunner.query('DROP TABLE labels');
      }
    }
    export default defineTenancyConfig({
      tenants: {
        migrations: process.env.NEXT ? [AddLabels1700000000001] : [],
        seed: async () => {
          if (process.env.DIE) process.exit(9);
        },
      },
    });
  `,
};

describe.each(engines)('what people read of the command on $name', ({ name, prepare }) => {
  let setup: EngineSetup;
  let app: CliApp;
  let env: Readonly<Record<string, string>>;
  beforeEach(async () => {
    setup = await prepare();
    env = {};
  });
  afterEach(() => setup.cleanUp());

  /** What a command that succeeds prints, in lines. */
  async function lines(...args: readonly string[]): Promise<readonly string[]> {
    const { code, stdout, stderr } = await app.run(args, { env });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    return stdout.trimEnd().split('\n');
  }

  it('where a migration stopped half-way, and what to do then', async () => {
    app = new CliApp(command, 'cjs', FAILING_APP, environmentOf(setup));
    await lines('tenant', 'create', 'acme');
    expect(await lines('status')).toEqual([
      'central: is migrated',
      expect.stringMatching(/^TENANT +VERSION +APPLIED +STATE +MIGRATED +TOOK$/),
      expect.stringMatching(/^acme +\S+ +1\/1 +current /),
    ]);
    env = { NEXT: '1' };
    const failed = await app.run(['migrate'], { env });
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.stdout).toMatch(/^FAILED acme: /m);
    const told = await lines('status');
    // SQLite takes a failed migration back as a whole.
    if (name === 'sqlite') expect(told.at(2)).toMatch(/^acme .* 1 pending /);
    else {
      const again = await app.run(['migrate'], { env });
      expect(again.stdout).toMatch(/^1 tenant\(s\) half-way, .*--resume\): acme$/m);
      expect(told.at(2)).toMatch(/^acme .* half-way up /);
      expect(told).toContain('acme:   in force: CREATE TABLE labels (id int)');
      const goOn = 'npx tenancy migrate --only acme --resume';
      expect(told).toContain(`acme: AddLabels1700000000001 is half-way up; go on with it: ${goOn}`);
    }
  });
});

describe('what people read of the command', () => {
  let setup: EngineSetup;
  let app: CliApp;
  beforeEach(async () => {
    setup = await engines[0].prepare();
    app = new CliApp(command, 'cjs', BARE_APP, environmentOf(setup));
  });
  afterEach(() => setup.cleanUp());

  async function lines(...args: readonly string[]): Promise<readonly string[]> {
    const { code, stdout, stderr } = await app.run(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout.trimEnd().split('\n');
  }

  it('of a tenant, its hosts and its end', async () => {
    expect(await lines('status')).toEqual(['central: is migrated', 'No tenants.']);
    await lines('tenant', 'create', 'acme', '--name', 'Acme Ltd');
    expect(await lines('domain', 'add', 'acme', 'a.test')).toEqual(['a.test (primary)']);
    expect(await lines('domain', 'add', 'acme', 'b.test')).toEqual(['a.test (primary)', 'b.test']);
    expect(await lines('domain', 'primary', 'acme', 'b.test')).toEqual([
      'a.test',
      'b.test (primary)',
    ]);
    expect((await lines('tenant', 'list')).at(-1)).toMatch(/^acme +Acme Ltd +active .* b\.test$/);
    const shown = (await lines('tenant', 'show', 'b.test')).join('\n');
    expect(shown).toMatch(/^domains +a\.test, b\.test \(primary\)$/m);
    expect(await lines('domain', 'remove', 'acme', 'b.test')).toEqual(['a.test (primary)']);
    expect(await lines('domain', 'remove', 'acme', 'a.test')).toEqual(['acme has no domains.']);
    expect((await lines('tenant', 'show', 'acme')).join('\n')).toMatch(/^domains +none$/m);

    const confirmed = ['tenant', 'delete', 'acme', '--confirm', 'Acme Ltd'] as const;
    const [kept] = await lines(...confirmed);
    expect(kept).toMatch(
      /^Deleted acme\. Its database \S+ is kept: npx tenancy tenant restore acme$/,
    );
    expect((await lines('tenant', 'show', 'acme')).join('\n')).toMatch(/^deleted +2\d{3}-/m);
    await lines('tenant', 'restore', 'acme');
    const [dropped] = await lines(...confirmed, '--drop-database');
    expect(dropped).toMatch(/^Deleted acme\. Its database \S+ was dropped\.$/);
  });

  it('of what was half done, and what came of it', async () => {
    app = new CliApp(command, 'esm', FAILING_APP, environmentOf(setup));
    for (const slug of ['acme', 'other']) {
      const died = await app.run(['tenant', 'create', slug], { env: { DIE: '1' } });
      expect(died.code).toBe(9);
    }
    expect(await lines('tenant', 'list')).toHaveLength(3);
    expect((await lines('tenant', 'show', 'acme')).join('\n')).toMatch(/^step +migrated$/m);
    expect(await lines('tenant', 'repair', 'acme')).toEqual([
      'acme: provisioning, migrated → active',
    ]);
    expect(await lines('tenant', 'repair', 'acme')).toEqual(['acme: active, nothing to repair']);
    expect(await lines('tenant', 'repair', '--all', '--undo')).toEqual([
      expect.stringMatching(
        /^other \(provisioning\) would be forgotten, and its database \S+ dropped$/,
      ),
      'Do it: --apply',
    ]);
    expect(await lines('tenant', 'repair', '--all', '--undo', '--apply')).toEqual([
      'other: undone, nothing of it is left',
    ]);
    expect(await lines('tenant', 'repair', '--all')).toEqual(['Nothing is half done.']);
    expect(await lines('tenant', 'repair', '--all', '--undo')).toEqual(['Nothing is half done.']);
    expect(await app.run(['tenant', 'repair'])).toMatchObject({ code: 2, stdout: '' });
    expect(await app.run(['tenant', 'repair', 'acme', '--apply'])).toMatchObject({ code: 2 });
  });

  it('of test tenants', async () => {
    expect(await lines('test-tenants', 'clean')).toEqual(['There are no test tenants.']);
    const [slug] = await lines('test-tenants', 'create', '1');
    expect(slug).toMatch(/^test-[0-9a-f]{10}$/);
    expect(await lines('rollback')).toEqual([`${slug}: nothing`, 'Do it: --apply']);
    const [told, how] = await lines('test-tenants', 'clean');
    expect(told).toMatch(new RegExp(`^${slug} would be removed with its database `));
    expect(how).toBe('Do it: --apply');
    expect(await lines('test-tenants', 'clean', '--apply')).toEqual([`Removed ${slug}.`]);
  });
});
