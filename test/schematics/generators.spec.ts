import type { UnitTestTree } from '@angular-devkit/schematics/testing/index.js';
import { contents, freshApp, run } from './support/schematics.js';

const OPTIONS = { sourceRoot: 'src' };
const CONFIG = '/src/tenancy.config.ts';

async function configuredApp(options?: { esm: boolean }): Promise<UnitTestTree> {
  const { tree } = await run('nest-add', { ...OPTIONS, engine: 'mysql' }, await freshApp(options));
  return tree;
}

async function withConfig(config: string): Promise<UnitTestTree> {
  const tree = await configuredApp();
  tree.overwrite(CONFIG, config);
  return tree;
}

/** The one file of a folder, and the number in its name. */
function onlyFileOf(tree: UnitTestTree, folder: string) {
  const [path = '', ...others] = tree.files.filter((file) => file.startsWith(folder));
  expect(others).toEqual([]);
  return { path, timestamp: /\d+/.exec(path)?.[0] ?? '', content: tree.readText(path) };
}

describe('the generators', () => {
  it.each([
    'tenant-migration',
    'central-migration',
    'tenant-seeder',
    'tenant-resource',
    'tenant-processor',
  ])('want a configuration to register in, and say how to make one: %s', async (schematic) => {
    await expect(run(schematic, { ...OPTIONS, name: 'notes' }, await freshApp())).rejects.toThrow(
      'There is no src/tenancy.config.ts. Make it first: nest g -c nestjs-tenancy tenancy-config',
    );
  });

  it.each([
    ['', 'Give the resource a name'],
    ['1st', '"1st" is no name'],
    ['../notes', '"../notes" leads out of the source folder'],
  ])('refuse the name "%s"', async (name, message) => {
    const app = await configuredApp();
    await expect(run('tenant-resource', { ...OPTIONS, name }, app)).rejects.toThrow(message);
  });

  it('leave an identical tree the second time', async () => {
    let app = await configuredApp();
    const generateAll = async () => {
      for (const [schematic, name] of [
        ['tenancy-config', undefined],
        ['tenant-resource', 'admin/user-notes'],
        ['tenant-migration', 'add-colour-to-user-notes'],
        ['central-migration', 'create-plans'],
        ['tenant-seeder', 'user-notes'],
        ['tenant-processor', 'admin/send-invoices'],
      ] as const) {
        app = (await run(schematic, { ...OPTIONS, name }, app)).tree;
      }
    };
    await generateAll();
    const first = contents(app);
    await generateAll();
    expect(contents(app)).toEqual(first);
  }, 120_000);
});

describe('tenancy-config', () => {
  it('makes the files and leaves the module alone', async () => {
    const app = await freshApp();
    const { tree } = await run('tenancy-config', { ...OPTIONS, engine: 'mysql' }, app);
    expect(tree.files.filter((file) => !app.exists(file))).toEqual(['/.env.example', CONFIG]);
    expect(tree.readText('/src/app.module.ts')).toBe(app.readText('/src/app.module.ts'));
  });
});

describe('migrations', () => {
  it.each([
    ['tenant', 'tenants'],
    ['central', 'central'],
  ])('of the %s side are stamped with the time and registered', async (side, section) => {
    const began = Date.now();
    const app = await configuredApp();
    const { tree } = await run(
      `${side}-migration`,
      { ...OPTIONS, name: 'AddPhoneToContacts' },
      app,
    );
    const { path, timestamp, content } = onlyFileOf(tree, `/src/migrations/${side}/`);
    expect(path).toBe(`/src/migrations/${side}/${timestamp}-add-phone-to-contacts.ts`);
    expect(Number(timestamp)).toBeGreaterThanOrEqual(began);
    expect(Number(timestamp)).toBeLessThanOrEqual(Date.now());
    expect(content).toContain(`export class AddPhoneToContacts${timestamp} `);
    expect(tree.readText(CONFIG)).toContain(
      `import { AddPhoneToContacts${timestamp} } from './migrations/${side}/${timestamp}-add-phone-to-contacts';`,
    );
    expect(tree.readText(CONFIG)).toMatch(
      new RegExp(`${section}: \\{\\s+migrations: \\[AddPhoneToContacts${timestamp}\\],`),
    );
  });

  it('are listed in the order that they were made in', async () => {
    const first = await run('tenant-migration', { ...OPTIONS, name: 'one' }, await configuredApp());
    const second = await run('tenant-migration', { ...OPTIONS, name: 'two' }, first.tree);
    expect(second.tree.readText(CONFIG)).toMatch(/migrations: \[One\d+, Two\d+\]/);
  });

  it('find their place in a configuration without one', async () => {
    const app = await withConfig(`import { defineTenancyConfig } from 'nestjs-tenancy';

export default defineTenancyConfig({});
`);
    const { tree } = await run('central-migration', { ...OPTIONS, name: 'one' }, app);
    const { timestamp } = onlyFileOf(tree, '/src/migrations/');
    expect(tree.readText(CONFIG)).toBe(`import { defineTenancyConfig } from 'nestjs-tenancy';
import { One${timestamp} } from './migrations/central/${timestamp}-one';

export default defineTenancyConfig({
  central: {
    migrations: [One${timestamp}],
  },
});
`);
  });

  it.each([
    ['a glob', `export default { tenants: { migrations: ['dist/migrations/tenant/*.js'] } };\n`],
    [
      'a list from elsewhere',
      `import { all } from './all';\nexport default { tenants: { migrations: all } };\n`,
    ],
    [
      'a section from elsewhere',
      `import { tenants } from './tenants';\nexport default { tenants };\n`,
    ],
    ['another configuration', `export { default } from './elsewhere';\n`],
  ])('leave %s as it is, and print what to paste', async (_, config) => {
    const app = await withConfig(config);
    const { tree, printed } = await run('tenant-migration', { ...OPTIONS, name: 'one' }, app);
    const { timestamp } = onlyFileOf(tree, '/src/migrations/');
    expect(tree.readText(CONFIG)).toBe(config);
    expect(printed).toContain(
      'tenants.migrations of tenancy.config.ts is no plain list of classes',
    );
    expect(printed).toContain(`tenants: { migrations: [One${timestamp}] }`);
  });
});

describe('tenant-seeder', () => {
  const seeded = async (config: string) => {
    const app = await withConfig(config);
    app.create('/src/roles/role.entity.ts', 'export class Role {}\n');
    return run('tenant-seeder', { ...OPTIONS, name: 'roles' }, app);
  };

  it.each([
    [
      'is the first',
      `tenants: {}`,
      /seed: async \(tenant, dataSource\) => \{\s+await seedRoles\(tenant, dataSource\);\s+\}/,
    ],
    [
      'follows one',
      `tenants: { seed: first }`,
      /await first\(tenant, dataSource\);\s+await seedRoles\(tenant, dataSource\);/,
    ],
    [
      'follows others',
      `tenants: { seed: async (t, db) => { await first(t, db); } }`,
      /await first\(t, db\);\s+await seedRoles\(t, db\);/,
    ],
    [
      'follows none',
      `tenants: { seed: async (t, db) => {} }`,
      /\{\s*await seedRoles\(t, db\);\s*\}/,
    ],
  ])('%s', async (_, tenants, expected) => {
    const { tree } = await seeded(
      `import { first } from './first';\n\nexport default { ${tenants} };\n`,
    );
    expect(tree.readText(CONFIG)).toMatch(expected);
    expect(tree.readText(CONFIG)).toContain("import { seedRoles } from './seeders/roles.seeder';");
  });

  it('leaves a function that is none to call another in', async () => {
    const config = `export default { tenants: { seed: (tenant) => first(tenant) } };\n`;
    const { tree, printed } = await seeded(config);
    expect(tree.readText(CONFIG)).toBe(config);
    expect(printed).toContain('await seedRoles(tenant, dataSource);');
  });

  it('wants the entity that it makes rows of', async () => {
    const app = await configuredApp();
    await expect(run('tenant-seeder', { ...OPTIONS, name: 'roles' }, app)).rejects.toThrow(
      'There is no role.entity.ts in src',
    );
  });
});

describe('tenant-resource', () => {
  it('makes its files, and imports its module', async () => {
    const app = await configuredApp();
    const { tree, installs } = await run(
      'tenant-resource',
      { ...OPTIONS, name: 'categories' },
      app,
    );
    const made = tree.files.filter((file) => !app.exists(file));
    expect(made.map((file) => file.replace(/\d+/, '<time>')).toSorted()).toEqual([
      '/src/categories/categories.controller.ts',
      '/src/categories/categories.isolation.spec.ts',
      '/src/categories/categories.module.ts',
      '/src/categories/categories.service.ts',
      '/src/categories/dto/create-category.dto.ts',
      '/src/categories/dto/update-category.dto.ts',
      '/src/categories/entities/category.entity.ts',
      '/src/migrations/tenant/<time>-create-categories.ts',
    ]);
    expect(tree.readText('/src/app.module.ts')).toContain(
      'imports: [TenancyModule.forRoot(tenancyConfig), CategoriesModule],',
    );
    const { devDependencies } = JSON.parse(tree.readText('/package.json'));
    expect(devDependencies).toHaveProperty('better-sqlite3');
    expect(installs).toEqual(['npm']);
  });

  it('is imported by the module that is closest', async () => {
    const app = await configuredApp();
    app.create(
      '/src/admin/admin.module.ts',
      "import { Module } from '@nestjs/common';\n\n@Module({})\nexport class AdminModule {}\n",
    );
    const { tree } = await run(
      'tenant-resource',
      { ...OPTIONS, name: 'notes', path: 'admin' },
      app,
    );
    expect(tree.readText('/src/admin/admin.module.ts'))
      .toBe(`import { Module } from '@nestjs/common';
import { NotesModule } from './notes/notes.module';

@Module({
  imports: [NotesModule],
})
export class AdminModule {}
`);
    expect(tree.readText('/src/app.module.ts')).not.toContain('NotesModule');
  });

  it('goes without test, folder and import when told to', async () => {
    const app = await configuredApp();
    const options = { ...OPTIONS, name: 'notes', flat: true, spec: false, skipImport: true };
    const { tree } = await run('tenant-resource', options, app);
    expect(tree.exists('/src/notes.service.ts')).toBe(true);
    expect(tree.files.filter((file) => file.includes('isolation'))).toEqual([]);
    expect(tree.readText('/src/app.module.ts')).not.toContain('NotesModule');
  });

  it('says what to paste when no module can be edited', async () => {
    const app = await configuredApp();
    app.delete('/src/app.module.ts');
    const { printed } = await run('tenant-resource', { ...OPTIONS, name: 'notes' }, app);
    expect(printed).toContain('A module of the app is to import it:\n\n  imports: [NotesModule],');
  });

  it('keeps what its user has changed', async () => {
    const first = await run(
      'tenant-resource',
      { ...OPTIONS, name: 'notes' },
      await configuredApp(),
    );
    first.tree.overwrite('/src/notes/notes.service.ts', '// mine\n');
    const { tree, printed } = await run(
      'tenant-resource',
      { ...OPTIONS, name: 'notes' },
      first.tree,
    );
    expect(tree.readText('/src/notes/notes.service.ts')).toBe('// mine\n');
    expect(printed).toContain('src/notes/notes.service.ts is there already, and stays as it is.');
  });
});

describe('tenant-processor', () => {
  it('makes its files, imports its module, and what queues need but once', async () => {
    const app = await configuredApp();
    const first = await run('tenant-processor', { ...OPTIONS, name: 'send-invoices' }, app);
    const made = first.tree.files.filter((file) => !app.exists(file));
    expect(made.toSorted()).toEqual([
      '/src/send-invoices/send-invoices.module.ts',
      '/src/send-invoices/send-invoices.processor.spec.ts',
      '/src/send-invoices/send-invoices.processor.ts',
    ]);
    const { tree } = await run('tenant-processor', { ...OPTIONS, name: 'reports' }, first.tree);
    const module = tree.readText('/src/app.module.ts');
    expect(module).toContain("import { BullModule } from '@nestjs/bullmq';");
    expect(module).toContain("import { TenancyBullModule } from 'nestjs-tenancy/bullmq';");
    for (const each of ['SendInvoicesModule,', 'ReportsModule,', 'Bull', 'TenancyBull']) {
      const call = each.endsWith(',') ? each : `  ${each}Module.forRoot(`;
      expect(module.split(call)).toHaveLength(2);
    }
    const { dependencies, devDependencies } = JSON.parse(tree.readText('/package.json'));
    expect(dependencies).toHaveProperty('bullmq');
    expect(dependencies).toHaveProperty(['@nestjs/bullmq']);
    expect(devDependencies).toHaveProperty('better-sqlite3');
    expect(first.installs).toEqual(['npm']);
  });

  it('goes without test, folder and import when told to', async () => {
    const app = await configuredApp();
    const options = { ...OPTIONS, name: 'jobs', flat: true, spec: false, skipImport: true };
    const { tree } = await run('tenant-processor', options, app);
    expect(tree.exists('/src/jobs.processor.ts')).toBe(true);
    expect(tree.files.filter((file) => file.includes('processor.spec'))).toEqual([]);
    expect(tree.readText('/src/app.module.ts')).toBe(app.readText('/src/app.module.ts'));
  });

  it('says what to paste when the module cannot be edited', async () => {
    const app = await configuredApp();
    app.delete('/src/app.module.ts');
    const { printed } = await run('tenant-processor', { ...OPTIONS, name: 'jobs' }, app);
    expect(printed).toContain('A module of the app is to import it:\n\n  imports: [JobsModule],');
    expect(printed).toContain('imports: [TenancyBullModule.forRoot()],');
  });
});
