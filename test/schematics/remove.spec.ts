import { appWith, contents, freshApp, run } from './support/schematics.js';

const OPTIONS = { sourceRoot: 'src' };

describe('remove', () => {
  it.each(['mysql', 'sqlite'])('leaves the tree that nest add found, on %s', async (engine) => {
    const app = await freshApp();
    const before = contents(app);
    const added = await run('nest-add', { ...OPTIONS, engine }, app);
    const { tree, installs } = await run('remove', OPTIONS, added.tree);
    expect(contents(tree)).toEqual(before);
    expect(installs).toEqual(['npm']);
  });

  it('does nothing to an app that has none of it, nor a second time', async () => {
    const app = await freshApp();
    const { tree, installs } = await run('remove', OPTIONS, app);
    expect(contents(tree)).toEqual(contents(app));
    expect(installs).toEqual([]);
  });

  it('takes the module out of a list, whatever it is called', async () => {
    const app = await appWith(`import { Module } from '@nestjs/common';
import { TenancyModule as Tenants, CENTRAL } from 'nestjs-tenancy';
import config from './tenancy.config';

@Module({
  imports: [
    A,
    Tenants.forRoot(config),
    B.of(CENTRAL),
  ],
})
export class AppModule {}
`);
    const { tree, printed } = await run('remove', OPTIONS, app);
    expect(tree.readText('/src/app.module.ts')).toBe(`import { Module } from '@nestjs/common';
import { CENTRAL } from 'nestjs-tenancy';

@Module({
  imports: [
    A,
    B.of(CENTRAL),
  ],
})
export class AppModule {}
`);
    expect(printed).toContain('these files import it:\n  src/app.module.ts');
  });

  it('keeps what the app has been given since, and says what is left', async () => {
    const added = await run('nest-add', OPTIONS, await freshApp());
    const generated = await run('tenant-resource', { ...OPTIONS, name: 'notes' }, added.tree);
    const { tree, printed } = await run('remove', OPTIONS, generated.tree);
    expect(tree.exists('/src/tenancy.config.ts')).toBe(true);
    expect(tree.exists('/src/notes/notes.service.ts')).toBe(true);
    expect(tree.exists('/.env.example')).toBe(false);
    expect(printed).toContain('src/tenancy.config.ts stays');
    expect(printed).toContain('give it TypeOrmModule.forRoot(…)');
    const { dependencies } = JSON.parse(tree.readText('/package.json'));
    expect(Object.keys(dependencies)).toEqual(
      expect.arrayContaining([
        '@nestjs/typeorm',
        'class-transformer',
        'class-validator',
        'typeorm',
        'better-sqlite3',
      ]),
    );
  });

  it('keeps the rest of .env.example', async () => {
    const app = await freshApp();
    app.create('/.env.example', '# Ours\nPORT=3000\n');
    const added = await run('nest-add', OPTIONS, app);
    const { tree } = await run('remove', OPTIONS, added.tree);
    expect(tree.readText('/.env.example')).toBe('# Ours\nPORT=3000\n');
  });

  it('gives the Nest CLI back its own generators', async () => {
    const app = await freshApp();
    const cli = JSON.parse(app.readText('/nest-cli.json'));
    app.overwrite('/nest-cli.json', JSON.stringify({ ...cli, collection: 'nestjs-tenancy' }));
    const { tree } = await run('remove', OPTIONS, app);
    expect(JSON.parse(tree.readText('/nest-cli.json')).collection).toBe('@nestjs/schematics');
  });
});
