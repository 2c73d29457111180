import type { SchematicContext, Tree } from '@angular-devkit/schematics';
import { unneededWithout } from '../nest-add/dependencies.js';
import { SCRIPTS } from '../nest-add/scripts.js';
import { importsIn } from '../source/imports.js';
import { removeEnvironment } from '../tenancy-config/environment.js';
import { removeDependencies, removeScripts, scheduleInstall } from '../workspace/package-json.js';
import { readJson, writeJson, type NestCli, type ProjectOptions } from '../workspace/project.js';
import { Workspace } from '../workspace/workspace.js';
import { isAsCreated } from './config-as-created.js';
import { dropTenancy } from './drop-tenancy.js';

/** Undoes `nest add nestjs-tenancy`. What the app has been given since then is its own, and stays. */
export function remove(options: ProjectOptions) {
  return async (tree: Tree, context: SchematicContext): Promise<void> => {
    const workspace = new Workspace(tree, context, options);
    for (const path of sourceFiles(workspace)) workspace.edit(path, dropTenancy);
    removeConfig(workspace);
    removeEnvironment(workspace);
    removeScripts(tree, SCRIPTS);
    resetCollection(tree);

    const importers = importersIn(workspace);
    const removed = removeDependencies(
      tree,
      unneededWithout((name) => importers.has(name)),
    );
    if (removed) scheduleInstall(tree, context);
    report(workspace, importers);
    await workspace.format();
  };
}

function removeConfig(workspace: Workspace): void {
  const { configFile } = workspace.project;
  const config = workspace.open(configFile);
  if (config === undefined) return;
  if (isAsCreated(config)) workspace.tree.delete(configFile);
  else
    workspace.tell(`${configFile.slice(1)} stays: it holds options that nest add did not write.`);
}

/** With the package gone, the Nest CLI would look for it in vain. */
function resetCollection(tree: Tree): void {
  const path = '/nest-cli.json';
  const cli = readJson<NestCli>(tree, path, {});
  if (cli.collection !== 'nestjs-tenancy') return;
  writeJson(tree, path, { ...cli, collection: '@nestjs/schematics' });
}

function report(workspace: Workspace, importers: ReadonlyMap<string, readonly string[]>): void {
  const left = importers.get('nestjs-tenancy');
  if (left !== undefined) {
    const files = left.map((path) => `  ${path.slice(1)}`).join('\n');
    workspace.tell(`The package stays, because these files import it:\n${files}`);
  }
  if (importers.has('@nestjs/typeorm')) {
    workspace.tell(
      'The app uses @nestjs/typeorm: give it TypeOrmModule.forRoot(…) where TenancyModule.forRoot(…) was.',
    );
  }
}

/** The files of the app that import a package, by its name. */
function importersIn(workspace: Workspace): ReadonlyMap<string, readonly string[]> {
  const importers = new Map<string, string[]>();
  for (const path of sourceFiles(workspace)) {
    const source = workspace.open(path);
    for (const from of new Set(source && importsIn(source).map((each) => each.from))) {
      const name = /^(@[^/]+\/)?[^/]+/.exec(from)?.[0] ?? from;
      importers.set(name, [...(importers.get(name) ?? []), path]);
    }
  }
  return importers;
}

/** Of the whole workspace: the apps of a monorepo share their packages. */
function sourceFiles({ tree }: Workspace): readonly string[] {
  const found: string[] = [];
  const visit = (folder: string): void => {
    const { subdirs, subfiles } = tree.getDir(folder);
    found.push(
      ...subfiles.filter((file) => file.endsWith('.ts')).map((file) => `${folder}${file}`),
    );
    for (const each of subdirs) if (!SKIPPED.has(each)) visit(`${folder}${each}/`);
  };
  visit('/');
  return found;
}

const SKIPPED: ReadonlySet<string> = new Set(['node_modules', 'dist', '.git', 'coverage']);
