import { rmSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { BARE_APP, CliApp, PROJECTS_APP, type Format } from './support/cli-app.js';
import { CommandPackage } from './support/command-package.js';

jest.setTimeout(120_000);

const command = new CommandPackage();
afterAll(() => command.dispose());

/** The files of the app as its build writes them, below dist/. */
function built(format: Format, files: Readonly<Record<string, string>>): Record<string, string> {
  const module = format === 'esm' ? ts.ModuleKind.ESNext : ts.ModuleKind.CommonJS;
  const compilerOptions = {
    module,
    target: ts.ScriptTarget.ES2023,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
  };
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => [
      name.replace(/^(src\/)?/, 'dist/').replace(/\.ts$/, '.js'),
      ts
        .transpileModule(content, { fileName: name, compilerOptions })
        .outputText.replace('@app/', './')
        .replace('../src/', '../'),
    ]),
  );
}

const EMBEDDED = {
  TENANCY_CENTRAL_URL: 'sqlite:./.tenancy/central.sqlite',
  TENANCY_SERVER_URL: 'sqlite:./.tenancy/tenants',
};
const PRODUCTION = { NODE_ENV: 'production' };

describe('the configuration of the command line', () => {
  it.each<Format>(['cjs', 'esm'])(
    'is the build output in production, of an app that is %s',
    async (format) => {
      const app = new CliApp(command, format, built(format, PROJECTS_APP), {
        ...EMBEDDED,
        ...PRODUCTION,
      });
      await app.json('tenant', 'create', 'acme');
      const { code, stdout } = await app.run(['run', 'dist/scripts/names.js', '--all']);
      expect(code).toBe(0);
      expect(stdout).toContain("acme [ 'first' ]");
    },
  );

  it('is never the source in production', async () => {
    const app = new CliApp(command, 'cjs', BARE_APP, EMBEDDED);
    const { code, stderr } = await app.run(['tenant', 'list'], { env: PRODUCTION });
    expect(code).toBe(1);
    expect(stderr).toContain(join(app.folder, 'dist/tenancy.config.js'));
    expect(stderr).toContain(`There is its source, ${join(app.folder, 'src/tenancy.config.ts')}`);
  });

  it('is looked for where nest-cli.json says', async () => {
    const app = new CliApp(command, 'esm', {
      'nest-cli.json': '{ "sourceRoot": "apps/api/src" }',
      'apps/api/src/tenancy.config.ts': BARE_APP['src/tenancy.config.ts'],
    });
    expect(await app.json('tenant', 'list')).toEqual({ tenants: [], next: null });
  });

  it('is said where it was looked for when it is nowhere', async () => {
    const app = new CliApp(command, 'cjs', {});
    const { code, stdout } = await app.run(['tenant', 'list', '--json']);
    expect(code).toBe(1);
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
    expect(error.code).toBe('CONFIG_NOT_FOUND');
    for (const path of ['src/tenancy.config.ts', 'tenancy.config.mjs', 'dist/tenancy.config.js']) {
      expect(error.message).toContain(join(app.folder, path));
    }
  });

  it('is the build output where there is no compiler', async () => {
    const app = new CliApp(command, 'cjs', {
      ...BARE_APP,
      ...built('cjs', BARE_APP),
      // Version 7 is a program, and has none to call.
      'node_modules/typescript/index.js': 'exports.version = "7.0.0";',
    });
    expect(await app.json('tenant', 'list')).toEqual({ tenants: [], next: null });
    rmSync(join(app.folder, 'dist'), { recursive: true });
    const { code, stderr } = await app.run(['tenant', 'list']);
    expect(code).toBe(1);
    expect(stderr).toContain('npm install --save-dev typescript');
  });

  it('never shows a secret, not even one that makes it fail', async () => {
    const app = new CliApp(command, 'esm', {
      'src/tenancy.config.ts': `
        throw new Error('cannot use mysql://app:hunter2@db:3306/central');
        export default {};
      `,
    });
    const thrown = await app.run(['tenant', 'list']);
    expect(thrown.stderr).toContain('mysql://app:***@db:3306/central');

    app.write({
      'src/tenancy.config.ts': `
        export default {
          central: { url: 'mysql://app:hunter2@127.0.0.1:1/central' },
          tenants: { servers: { main: { url: 'mysql://app:hunter2@127.0.0.1:1' } } },
        };
        console.log('the app prints');
        export const app = () => { throw new Error('it is hunter2'); };
      `,
    });
    const { code, stdout, stderr } = await app.run(['tenant', 'list', '--json']);
    expect(code).toBe(1);
    expect(stdout).not.toContain('hunter2');
    expect(JSON.parse(stdout)).toMatchObject({ error: { message: 'Error: it is ***' } });
    expect(stderr).toContain('the app prints');
  });

  it('never shows a secret that a document spells in another way', async () => {
    const app = new CliApp(command, 'esm', {
      'src/tenancy.config.ts': `
        export default { redis: { url: 'redis://:one%22two%5Cthree@127.0.0.1:1' } };
        export const app = () => { throw new Error('it is one"two\\\\three'); };
      `,
    });
    const { stdout } = await app.run(['tenant', 'list', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ error: { message: 'Error: it is ***' } });
  });

  it.each([
    ['tenants: { servers: { main: null } }', 'tenants.servers.main: must be an object'],
    [
      "tenants: { servers: { main: { url: 'sqlite:./t', replicas: 'none' } } }",
      'tenants.servers.main.replicas: must be an array',
    ],
    ["tenants: { credentialKeys: 'no-key' }", 'tenants.credentialKeys: must be an array'],
    ["audit: { keys: 'no-key' }", 'audit.keys: must be an array'],
  ])('that is not what it can be is told of as by the app: %s', async (options, problem) => {
    const app = new CliApp(command, 'cjs', {
      'src/tenancy.config.ts': `export default { ${options} };`,
    });
    const { code, stderr } = await app.run(['tenant', 'list']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(problem) });
  });

  it('never shows a key, nor the password of Redis', async () => {
    const [credential, audit, master] = ['a', 'b', 'c'].map((letter) => letter.repeat(43) + '=');
    const app = new CliApp(command, 'cjs', {
      'src/tenancy.config.ts': `
        export default {
          tenants: { credentialKeys: ['${credential}'] },
          audit: { keys: ['${audit}'] },
          redis: { url: 'redis://:p%40ss@127.0.0.1:1' },
        };
        export const app = () => { throw new Error('${credential} ${audit} ${master} p@ss'); };
      `,
    });
    const { code, stderr } = await app.run(['tenant', 'list'], {
      env: { TENANCY_ENCRYPTION_KEYS: master },
    });
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'Error: *** *** *** ***\n' });
  });
});
