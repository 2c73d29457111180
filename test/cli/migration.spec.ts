import { engines, type EngineSetup } from '../support/engines.js';
import { CliApp, environmentOf, PROJECTS_APP } from './support/cli-app.js';
import { CommandPackage } from './support/command-package.js';

jest.setTimeout(180_000);

/** An app whose next version has one migration more. */
const GROWING_APP = {
  'src/create-projects.ts': PROJECTS_APP['src/create-projects.ts'],
  'src/add-labels.ts': `
    import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';
    export class AddLabels1700000000001 implements MigrationInterface {
      async up(queryRunner: QueryRunner) {
        const columns = [{ name: 'id', type: 'int', isPrimary: true }];
        await queryRunner.createTable(new Table({ name: 'labels', columns }));
      }
      async down(queryRunner: QueryRunner) {
        await queryRunner.dropTable('labels');
      }
    }
  `,
  'src/tenancy.config.ts': `
    import { defineTenancyConfig } from 'nestjs-tenancy';
    import { AddLabels1700000000001 } from './add-labels.js';
    import { CreateProjects1700000000000 } from './create-projects.js';
    export default defineTenancyConfig({
      tenants: {
        migrations: process.env.NEXT
          ? [CreateProjects1700000000000, AddLabels1700000000001]
          : [CreateProjects1700000000000],
      },
    });
  `,
  'scripts/break.ts': `
    import type { TenancyScript } from 'nestjs-tenancy';
    const script: TenancyScript = ({ dataSource }) => dataSource.query('CREATE TABLE labels (id int)');
    export default script;
  `,
  'scripts/mend.ts': `
    import type { TenancyScript } from 'nestjs-tenancy';
    const script: TenancyScript = ({ dataSource }) => dataSource.query('DROP TABLE labels');
    export default script;
  `,
};

const ADD_LABELS = 'AddLabels1700000000001';
const next = { env: { NEXT: '1' } };

const command = new CommandPackage();
afterAll(() => command.dispose());

describe.each(engines)('migrations from the command line on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let app: CliApp;
  beforeEach(async () => {
    setup = await prepare();
    app = new CliApp(command, 'cjs', GROWING_APP, environmentOf(setup));
    for (const slug of ['a', 'b', 'c']) await app.json('tenant', 'create', slug);
  });
  afterEach(() => setup.cleanUp());

  it('run for all, stop at a failure, and go on by being started again', async () => {
    const dry = await app.run(['migrate', '--dry-run'], next);
    expect(dry).toMatchObject({ code: 0 });
    expect(dry.stdout).toMatch(/-- 3 tenant\(s\): a, b, c\n-- AddLabels.*\nCREATE TABLE .labels./);

    await app.json('run', 'scripts/break.ts', '--tenant', 'b');
    const broken = await app.run(['migrate', '--workers', '1', '--canary', '1'], next);
    expect(broken.code).toBe(1);
    expect(broken.stdout).toContain('1 tenant(s) migrated');
    expect(broken.stdout).toMatch(/FAILED b: .*AddLabels/);
    expect(broken.stdout).toContain('1 tenant(s) not begun, because of the failures: c');
    expect(broken.stderr).toMatch(/^b: .*AddLabels/m);
    expect(broken.stderr).toMatch(/^2 of 3 tenants, [\d.]+ a second, 1 failed$/m);

    const told = await app.run(['status'], next);
    expect(told).toMatchObject({ code: 0 });
    expect(told.stdout).toMatch(/^a +AddLabels1700000000001 +3\/3 +current/m);
    expect(told.stdout).toMatch(/^c +CreateProjects1700000000000 +2\/3 +1 pending/m);
    expect(told.stdout).toMatch(/^b: the last attempt failed: /m);

    await app.json('run', 'scripts/mend.ts', '--tenant', 'b');
    const { code, stdout } = await app.run(['migrate', '--resume', '--json'], next);
    expect({ code, report: JSON.parse(stdout) as unknown }).toMatchObject({
      code: 0,
      report: { ok: true, migrated: 2, failed: [] },
    });
  });

  it('are taken back when it is said twice, and only by the code that has them', async () => {
    await app.run(['migrate'], next);
    const told = await app.run(['rollback', '--only', 'a', '--json'], next);
    expect(JSON.parse(told.stdout)).toEqual({
      applied: false,
      wouldTakeBack: [{ tenant: 'a', drifted: false, migrations: [ADD_LABELS] }],
    });
    const before = await app.run(['rollback', '--only', 'a', '--apply']);
    expect(before).toMatchObject({ code: 1, stdout: expect.stringContaining(ADD_LABELS) });
    expect((await app.run(['status'])).stdout).toMatch(/^a +AddLabels\S+ +\S+ +ahead of the code/m);

    expect(await app.run(['rollback', '--only', 'a', '--apply'], next)).toMatchObject({ code: 0 });
    const { tenants } = JSON.parse((await app.run(['status', '--json'], next)).stdout) as {
      tenants: { slug: string; pending: string[] }[];
    };
    expect(tenants.map(({ slug, pending }) => [slug, pending])).toEqual([
      ['a', [ADD_LABELS]],
      ['b', []],
      ['c', []],
    ]);
  });
});

describe('migrations from the command line', () => {
  let setup: EngineSetup;
  beforeEach(async () => (setup = await engines[0].prepare()));
  afterEach(() => setup.cleanUp());

  it.each([
    [['migrate', '--workers', '0'], 2],
    [['migrate', '--begun', 'perhaps'], 2],
    [['migrate', '--begun', 'done'], 1],
    [['migrate', '--only', 'nobody'], 1],
    [['rollback', '--steps', 'x'], 2],
    [['status', '--order', 'size'], 2],
  ])('are not begun where it cannot be meant so: %j', async (args, exitCode) => {
    const app = new CliApp(command, 'cjs', GROWING_APP, environmentOf(setup));
    const { code, stdout, stderr } = await app.run(args, next);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).not.toBe('');
  });
});
