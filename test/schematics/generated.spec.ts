import type { UnitTestTree } from '@angular-devkit/schematics/testing/index.js';
import { Test, type TestingModule } from '@nestjs/testing';
import { getDataSourceToken } from '@nestjs/typeorm';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  CENTRAL,
  Tenancy,
  TenancyModule,
  TenantService,
  type TenancyOptions,
} from 'nestjs-tenancy';
import { DataSource } from 'typeorm';
import ts from 'typescript';
import { writeTree } from './support/on-disk.js';
import { freshApp, run } from './support/schematics.js';

const REPOSITORY = join(__dirname, '../..');

/** An app with one of everything. */
async function generateAll(esm: boolean): Promise<UnitTestTree> {
  let app = await freshApp({ esm });
  for (const [schematic, name] of [
    ['nest-add', undefined],
    ['tenant-resource', 'admin/user-notes'],
    ['tenant-resource', 'info'],
    ['tenant-migration', 'add-colour-to-user-notes'],
    ['tenant-migration', 'tidy-up'],
    ['central-migration', 'create-plans'],
    ['tenant-seeder', 'user-notes'],
    ['tenant-processor', 'admin/send-invoices'],
  ] as const) {
    app = (await run(schematic, { sourceRoot: 'src', name, identifiers: [] }, app)).tree;
  }
  return app;
}

describe.each([
  ['CommonJS', false],
  ['ES modules', true],
])('what is generated into an app of %s', (_, esm) => {
  let folder: string;
  afterEach(() => rmSync(folder, { recursive: true }));

  it('compiles, as strictly as TypeScript can', async () => {
    folder = writeTree(await generateAll(esm));
    const { config } = ts.readConfigFile(join(folder, 'tsconfig.json'), (path) =>
      ts.sys.readFile(path),
    );
    const { baseUrl: _unused, ...options } = config.compilerOptions;
    const strict = {
      ...options,
      strict: true,
      noUnusedLocals: true,
      noUnusedParameters: true,
      noImplicitOverride: true,
      incremental: false,
      noEmit: true,
      types: ['node', 'jest'],
      paths: {
        'nestjs-tenancy': [join(REPOSITORY, 'lib/index.ts')],
        'nestjs-tenancy/bullmq': [join(REPOSITORY, 'lib/queue/index.ts')],
      },
    };
    const parsed = ts.parseJsonConfigFileContent(
      { compilerOptions: strict, include: ['src'] },
      ts.sys,
      folder,
    );
    const program = ts.createProgram(parsed.fileNames, parsed.options);
    const problems = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
      const text = ts.flattenDiagnosticMessageText(messageText, '\n');
      return `${file?.fileName ?? ''}: ${text}`;
    });
    expect(parsed.fileNames.length).toBeGreaterThan(15);
    expect(problems).toEqual([]);
  }, 120_000);
});

describe('what is generated', () => {
  let folder: string;
  let app: TestingModule;

  beforeAll(async () => {
    const tree = await generateAll(false);
    // What its user would write.
    fill(
      tree,
      /tidy-up\.ts$/,
      'UP: readonly string[] = [];',
      "UP = ['CREATE TABLE tidy (id integer)'];",
    );
    fill(tree, /tidy-up\.ts$/, 'DOWN: readonly string[] = [];', "DOWN = ['DROP TABLE tidy'];");
    fill(tree, /seeder\.ts$/, '= [];', "= [{ name: 'welcome' }];");
    folder = writeTree(tree);
    const { default: config }: { default: TenancyOptions } = require(
      join(folder, 'src/tenancy.config.ts'),
    );
    const { UserNotesModule } = require(join(folder, 'src/admin/user-notes/user-notes.module.ts'));
    app = await Test.createTestingModule({
      imports: [
        TenancyModule.forRoot({
          central: { ...config.central, url: `sqlite:${join(folder, 'central.sqlite')}` },
          tenants: {
            ...config.tenants,
            servers: { main: { url: `sqlite:${join(folder, 'tenants')}` } },
          },
        }),
        UserNotesModule,
      ],
    }).compile();
    await app.init();
    await app.get(TenantService).create({ slug: 'acme' });
  }, 120_000);

  afterAll(async () => {
    await app.close();
    rmSync(folder, { recursive: true });
  });

  const inAcme = <T>(work: (dataSource: DataSource) => Promise<T>) =>
    app.get(Tenancy).run('acme', () => work(app.get(DataSource)));

  const tablesOf = async (dataSource: DataSource) => {
    const rows: Array<{ name: string }> = await dataSource.query(
      "SELECT name FROM sqlite_master WHERE type = 'table'",
    );
    return rows.map(({ name }) => name);
  };

  it('migrates', async () => {
    expect(await inAcme(tablesOf)).toEqual(expect.arrayContaining(['user_notes', 'infos', 'tidy']));
    expect(await tablesOf(app.get(getDataSourceToken(CENTRAL)))).toContain('plans');
    const columns: Array<{ name: string }> = await inAcme((dataSource) =>
      dataSource.query("SELECT name FROM pragma_table_info('user_notes')"),
    );
    expect(columns.map(({ name }) => name)).toEqual(['id', 'name', 'colour']);
  });

  it('seeds a new tenant, and once only', async () => {
    const seed: NonNullable<TenancyOptions['tenants']>['seed'] = require(
      join(folder, 'src/seeders/user-notes.seeder.ts'),
    ).seedUserNotes;
    const rows = await inAcme(async (dataSource) => {
      await seed?.(app.get(Tenancy).require(), dataSource);
      return dataSource.query('SELECT name FROM user_notes');
    });
    expect(rows).toEqual([{ name: 'welcome' }]);
  });

  it('undoes its migrations', async () => {
    const { migrations = [] } = app.get(DataSource).options;
    await inAcme(async (dataSource) => {
      // Those of this package stay.
      for (let left = Object.keys(migrations).length - 1; left > 0; left--) {
        await dataSource.undoLastMigration();
      }
    });
    const tables = await inAcme(tablesOf);
    expect(tables).not.toContain('tidy');
    expect(tables).not.toContain('user_notes');
    expect(tables).toContain('sessions');
  });
});

/** Replaces a text in the one file whose path matches. */
function fill(tree: UnitTestTree, file: RegExp, before: string, after: string): void {
  const [path = ''] = tree.files.filter((each) => file.test(each));
  const text = tree.readText(path);
  expect(text).toContain(before);
  tree.overwrite(path, text.replace(before, after));
}
