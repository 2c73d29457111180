import { posix } from 'node:path';
import type ts from 'typescript';
import { importsIn } from '../source/imports.js';
import { callOf } from '../source/module-imports.js';
import type { Source } from '../source/source.js';
import type { Workspace } from '../workspace/workspace.js';

/** The file of the module that the app is started with, if there is one. */
export function findRootModule(workspace: Workspace): string | undefined {
  const appModule = posix.join(workspace.project.sourceRoot, 'app.module.ts');
  return workspace.tree.exists(appModule) ? appModule : bootstrapped(workspace);
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
