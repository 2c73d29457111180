import { appWith, contents, freshApp, run } from './support/schematics.js';

const ADD = { sourceRoot: 'src' };

describe('nest add, in a fresh app', () => {
  it('imports TenancyModule, and moves nothing else', async () => {
    const { tree } = await run('nest-add', ADD, await freshApp());
    expect(tree.readContent('/src/app.module.ts')).toBe(`import { Module } from '@nestjs/common';
import { TenancyModule } from 'nestjs-tenancy';
import { AppController } from './app.controller';
import { AppService } from './app.service';
import tenancyConfig from './tenancy.config';

@Module({
  imports: [TenancyModule.forRoot(tenancyConfig)],
  controllers: [AppController],
  providers: [AppService],
})
export class AppModule {}
`);
  });

  it('writes the configuration and the environment', async () => {
    const { tree } = await run('nest-add', { ...ADD, engine: 'mariadb' }, await freshApp());
    expect(tree.readContent('/src/tenancy.config.ts')).toContain(
      "identify: [bySubdomain({ of: 'localhost' }), byDomain()],",
    );
    expect(tree.readContent('/.env.example').split('\n')).toEqual(
      expect.arrayContaining([
        'TENANCY_CENTRAL_URL=mariadb://user:password@127.0.0.1:3306/central',
        'TENANCY_SERVER_URL=mariadb://user:password@127.0.0.1:3306',
        'TENANCY_MAX_CONNECTIONS=20',
      ]),
    );
  });

  it('adds the packages that go with the NestJS of the app, sorted, and has them installed', async () => {
    const { tree, installs } = await run('nest-add', { ...ADD, engine: 'mysql' }, await freshApp());
    const { dependencies } = JSON.parse(tree.readContent('/package.json'));
    expect(dependencies).toMatchObject({
      '@nestjs/typeorm': '^11.0.1',
      'class-transformer': expect.any(String),
      'class-validator': expect.any(String),
      mysql2: '^3.15.3',
      typeorm: '^1.1.0',
    });
    expect(Object.keys(dependencies)).toEqual(Object.keys(dependencies).toSorted());
    expect(dependencies).not.toHaveProperty('better-sqlite3');
    expect(installs).toEqual(['npm']);
  });

  it('installs with the package manager whose lock file is there', async () => {
    const app = await freshApp();
    app.create('/pnpm-lock.yaml', '');
    expect((await run('nest-add', ADD, app)).installs).toEqual(['pnpm']);
  });

  it('keeps the version of what is there', async () => {
    const app = await freshApp();
    const packageJson = JSON.parse(app.readText('/package.json'));
    packageJson.dependencies.typeorm = '0.3.27';
    app.overwrite('/package.json', JSON.stringify(packageJson, null, '\t'));
    const { tree } = await run('nest-add', ADD, app);
    expect(tree.readText('/package.json')).toContain('\n\t\t"typeorm": "0.3.27"');
  });

  it('identifies as it is told to', async () => {
    const options = {
      ...ADD,
      identifiers: ['header', 'path', 'subdomain'],
      host: 'app.example.com',
    };
    const { tree } = await run('nest-add', options, await freshApp());
    const config = tree.readContent('/src/tenancy.config.ts');
    expect(config).toContain("byHeader({ name: 'X-Tenant-Id', trusted: true }),");
    expect(config).toContain("byPath({ prefix: '/t' }),");
    expect(config).toContain("bySubdomain({ of: 'app.example.com' }),");
    expect(config).not.toContain('byDomain');
  });

  it('takes identifiers as the command line gives them, and refuses others', async () => {
    const app = await freshApp();
    const { tree } = await run('nest-add', { ...ADD, identifiers: 'domain,path' }, app);
    expect(tree.readText('/src/tenancy.config.ts')).toContain(
      "identify: [byDomain(), byPath({ prefix: '/t' })],",
    );
    await expect(run('nest-add', { ...ADD, identifiers: 'domian' }, app)).rejects.toThrow(
      'No identifier: domian. There are subdomain, domain, path, header',
    );
  });

  it('edits the module that it is told to', async () => {
    const app = await freshApp();
    app.rename('/src/app.module.ts', '/src/core/core.module.ts');
    const { tree } = await run('nest-add', { ...ADD, module: 'core/core.module.ts' }, app);
    expect(tree.readText('/src/core/core.module.ts')).toContain("from '../tenancy.config';");
  });

  it('adds to the .env.example that is there', async () => {
    const app = await freshApp();
    app.create('/.env.example', 'PORT=3000\nTENANCY_SERVER_URL=mysql://db.internal');
    const { tree } = await run('nest-add', ADD, app);
    const env = tree.readContent('/.env.example');
    expect(env).toMatch(/^PORT=3000\nTENANCY_SERVER_URL=mysql:\/\/db\.internal\n# /);
    expect(env.match(/TENANCY_\w+(?==)/g)).toEqual([
      'TENANCY_SERVER_URL',
      'TENANCY_CENTRAL_URL',
      'TENANCY_MAX_CONNECTIONS',
    ]);
  });

  it('imports files by their ending in an app of ES modules', async () => {
    const { tree } = await run('nest-add', ADD, await freshApp({ esm: true }));
    expect(tree.readContent('/src/app.module.ts')).toContain("from './tenancy.config.js';");
  });

  it('goes to the app of a monorepo', async () => {
    const app = await freshApp();
    app.overwrite(
      '/nest-cli.json',
      JSON.stringify({
        monorepo: true,
        sourceRoot: 'apps/shop/src',
        projects: { admin: { sourceRoot: 'apps/admin/src' } },
      }),
    );
    app.create('/apps/admin/src/admin.module.ts', app.readText('/src/app.module.ts'));
    const main = app.readText('/src/main.ts');
    app.create('/apps/admin/src/main.ts', main.replace('app.module', 'admin.module'));
    const options = { project: 'admin', sourceRoot: 'apps/shop/src' };
    const { tree } = await run('nest-add', options, app);
    expect(tree.exists('/apps/admin/src/tenancy.config.ts')).toBe(true);
    expect(tree.readText('/apps/admin/src/admin.module.ts')).toContain('TenancyModule.forRoot(');
    expect(tree.readText('/src/app.module.ts')).not.toContain('TenancyModule');
    await expect(run('nest-add', { project: 'shpo' }, app)).rejects.toThrow(
      'nest-cli.json has no project "shpo". It has: admin',
    );
  });
});

describe('nest add, twice', () => {
  const APPS = {
    'in a fresh app': `@Module({ imports: [] }) export class AppModule {}`,
    'with an alias': `import { TenancyModule as Tenants } from 'nestjs-tenancy';
@Module({ imports: [Tenants.forRoot()] }) export class AppModule {}`,
    'with forRootAsync': `import * as tenancy from 'nestjs-tenancy';
@Module({ imports: [tenancy.TenancyModule.forRootAsync({ useFactory: () => ({}) })] }) export class AppModule {}`,
  };

  it.each(Object.entries(APPS))('leaves an identical tree: %s', async (_, appModule) => {
    const app = await appWith(`import { Module } from '@nestjs/common';\n${appModule}\n`);
    const first = await run('nest-add', ADD, app);
    const second = await run('nest-add', ADD, first.tree);
    expect(contents(second.tree)).toEqual(contents(first.tree));
    expect(first.tree.readText('/src/app.module.ts').match(/\.forRoot/g)).toHaveLength(1);
    expect(second.installs).toEqual([]);
  });
});

describe('nest add, in a module that is written otherwise', () => {
  it('understands aliases and namespaces', async () => {
    const app = await appWith(`import * as nest from '@nestjs/common';
import { TypeOrmModule as Orm } from '@nestjs/typeorm';

@nest.Module({
  imports: [
    Orm.forRoot({ type: 'mysql', database: 'shop' }), // the database
    Orm.forFeature([]),
  ],
})
export class AppModule {}
`);
    const { tree } = await run('nest-add', ADD, app);
    expect(tree.readText('/src/app.module.ts')).toBe(`import * as nest from '@nestjs/common';
import { TypeOrmModule as Orm } from '@nestjs/typeorm';
import { TenancyModule } from 'nestjs-tenancy';
import tenancyConfig from './tenancy.config';

@nest.Module({
  imports: [
    TenancyModule.forRoot(tenancyConfig), // the database
    Orm.forFeature([]),
  ],
})
export class AppModule {}
`);
  });

  it('keeps Windows line endings, and writes its own the same way', async () => {
    const before = (await freshApp()).readText('/src/app.module.ts').replaceAll('\n', '\r\n');
    const { tree } = await run('nest-add', ADD, await appWith(before));
    const after = tree.readText('/src/app.module.ts');
    expect(after).toContain("import tenancyConfig from './tenancy.config';\r\n");
    expect(after).not.toMatch(/[^\r]\n/);
  });

  it('leaves mixed line endings as they are', async () => {
    const text = (await freshApp()).readText('/src/app.module.ts');
    const { tree } = await run('nest-add', ADD, await appWith(text.replace('\n', '\r\n')));
    const after = tree.readText('/src/app.module.ts');
    expect(after.match(/\r\n/g)).toHaveLength(1);
  });

  it('appends to a list as the list is written, with its comments where they were', async () => {
    const { tree } = await run(
      'nest-add',
      ADD,
      await appWith(`import { Module } from "@nestjs/common"
import { A, B } from "./ab"

@Module({
    imports: [
        A, // first
        B // last
    ],
})
export class AppModule {}
`),
    );
    expect(tree.readText('/src/app.module.ts')).toBe(`import { Module } from "@nestjs/common"
import { TenancyModule } from "nestjs-tenancy";
import { A, B } from "./ab"
import tenancyConfig from "./tenancy.config";

@Module({
    imports: [
        A, // first
        B, // last
        TenancyModule.forRoot(tenancyConfig)
    ],
})
export class AppModule {}
`);
  });

  it('gives a module its first imports', async () => {
    const { tree } = await run(
      'nest-add',
      ADD,
      await appWith(`import { Module } from '@nestjs/common';

@Module({ providers: [] })
export class AppModule {}
`),
    );
    expect(tree.readText('/src/app.module.ts')).toContain(
      '@Module({ providers: [], imports: [TenancyModule.forRoot(tenancyConfig)] })',
    );
  });

  const LEFT = {
    'imports put together elsewhere': `const imports = [];\n@Module({ imports }) export class AppModule {}`,
    'metadata with a spread': `const base = {};\n@Module({ ...base }) export class AppModule {}`,
    'metadata from elsewhere': `const base = {};\n@Module(base) export class AppModule {}`,
    'two modules': `@Module({ imports: [] }) class Inner {}\n@Module({ imports: [Inner] }) export class AppModule {}`,
    'another TenancyModule': `class TenancyModule {}\n@Module({ imports: [] }) export class AppModule {}`,
    'options of TypeORM from elsewhere': `import { TypeOrmModule } from '@nestjs/typeorm';
import { options } from './orm';
@Module({ imports: [TypeOrmModule.forRoot(options)] }) export class AppModule {}`,
    'options of TypeORM with a spread': `import { TypeOrmModule } from '@nestjs/typeorm';
import { options } from './orm';
@Module({ imports: [TypeOrmModule.forRoot({ ...options, type: 'mysql' })] }) export class AppModule {}`,
    'a factory that computes': `import { TypeOrmModule } from '@nestjs/typeorm';
@Module({ imports: [TypeOrmModule.forRootAsync({ useFactory: () => { const a = 1; return { type: 'mysql' }; } })] })
export class AppModule {}`,
    'a database that is not served': `import { TypeOrmModule } from '@nestjs/typeorm';
@Module({ imports: [TypeOrmModule.forRoot({ type: 'postgres' })] }) export class AppModule {}`,
  };

  it.each(Object.entries(LEFT))('leaves it, and prints what to paste: %s', async (_, code) => {
    const before = `import { Module } from '@nestjs/common';\n${code}\n`;
    const { tree, printed } = await run('nest-add', ADD, await appWith(before));
    expect(tree.readText('/src/app.module.ts')).toBe(before);
    expect(printed).toContain('src/app.module.ts is left as it is');
    expect(printed).toContain('imports: [TenancyModule.forRoot(tenancyConfig)]');
    expect(tree.exists('/src/tenancy.config.ts')).toBe(true);
  });

  it('says so when there is no AppModule', async () => {
    const app = await freshApp();
    app.delete('/src/app.module.ts');
    const { tree, printed } = await run('nest-add', ADD, app);
    expect(printed).toContain('src/app.module.ts is left as it is: there is no such file');
    expect(tree.exists('/src/app.module.ts')).toBe(false);
  });
});
