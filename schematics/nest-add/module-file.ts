import { posix } from 'node:path';
import type ts from 'typescript';
import { importsIn } from '../source/imports.js';
import { callOf } from '../source/module-imports.js';
import type { Source } from '../source/source.js';
import type { Workspace } from '../workspace/workspace.js';
import { findTypeOrm } from './app-module.js';

/** The module that is named, else the one with `TypeOrmModule.forRoot(…)` in it, else that of the app. */
export function findModule(workspace: Workspace, named: string | undefined): string {
  const { sourceRoot } = workspace.project;
  if (named) return posix.join(sourceRoot, named);
  const appModule = posix.join(sourceRoot, 'app.module.ts');
  return (
    moduleWithTypeOrm(workspace) ??
    (workspace.tree.exists(appModule) ? appModule : bootstrapped(workspace)) ??
    appModule
  );
}

/** Of several, none: they are not for one to choose. */
function moduleWithTypeOrm(workspace: Workspace): string | undefined {
  const found: string[] = [];
  workspace.tree.getDir(workspace.project.sourceRoot).visit((path, entry) => {
    if (!path.endsWith('.ts') || !entry?.content.includes('@nestjs/typeorm')) return;
    const source = workspace.open(path);
    if (source && findTypeOrm(source)) found.push(path);
  });
  return found.length === 1 ? found[0] : undefined;
}

/** The file of the module that `main.ts` starts: `NestFactory.create(ShopModule)`. */
function bootstrapped(workspace: Workspace): string | undefined {
  const main = posix.join(workspace.project.sourceRoot, 'main.ts');
  const source = workspace.open(main);
  if (source === undefined) return undefined;
  const started = firstCall(source, 'NestFactory', '@nestjs/core')?.arguments[0];
  const imports = started === undefined ? [] : importsIn(source);
  const from = imports.find(({ local }) => local === started?.getText())?.from;
  if (from === undefined || !from.startsWith('.')) return undefined;
  return posix.join(posix.dirname(main), `${from.replace(/\.js$/, '')}.ts`);
}

function firstCall(source: Source, name: string, from: string): ts.CallExpression | undefined {
  const { ts } = source;
  const find = (node: ts.Node): ts.CallExpression | undefined =>
    ts.isCallExpression(node) && callOf(source, node, name, from)
      ? node
      : ts.forEachChild(node, find);
  return find(source.file);
}
