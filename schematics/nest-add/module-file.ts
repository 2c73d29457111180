import { posix } from 'node:path';
import { findRootModule } from '../tenancy-config/root-module.js';
import type { Workspace } from '../workspace/workspace.js';
import { findTypeOrm } from './app-module.js';

/** The module that is named, else the one with `TypeOrmModule.forRoot(…)` in it, else that of the app. */
export function findModule(workspace: Workspace, named: string | undefined): string {
  const { sourceRoot } = workspace.project;
  if (named) return posix.join(sourceRoot, named);
  return (
    moduleWithTypeOrm(workspace) ??
    findRootModule(workspace) ??
    posix.join(sourceRoot, 'app.module.ts')
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
