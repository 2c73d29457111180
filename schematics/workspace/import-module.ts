import { posix } from 'node:path';
import { addImport } from '../source/edit-imports.js';
import { addModuleImport, moduleImports } from '../source/module-imports.js';
import { importPath } from './project.js';
import type { Workspace } from './workspace.js';

/** Imports a module that was made in its file `own` in the closest one of `folder`, or says what to paste. */
export function importModule(
  workspace: Workspace,
  moduleClass: string,
  own: string,
  folder: string,
): void {
  const owner = nearestModule(workspace, folder, own);
  if (owner !== undefined) {
    const specifier = importPath(workspace.project, owner, own);
    const isImported = workspace.edit(owner, (source) => {
      const local = addImport(source, moduleClass, specifier);
      if (local === undefined) return false;
      const there = moduleImports(source)?.elements.some((each) => each.getText() === local);
      return there === true || addModuleImport(source, local);
    });
    if (isImported) return;
  }
  const where = owner?.slice(1) ?? 'A module of the app';
  workspace.leaveToUser(`${where} is to import it:`, `imports: [${moduleClass}],`);
}

/** The module of the closest folder that has one, from `folder` up to the source folder. */
function nearestModule(
  { tree, project }: Workspace,
  folder: string,
  own: string,
): string | undefined {
  const modules = tree
    .getDir(folder)
    .subfiles.filter((file) => file.endsWith('.module.ts'))
    .map((file) => posix.join(folder, file))
    .filter((path) => path !== own);
  const found = modules.find((path) => path.endsWith('/app.module.ts')) ?? modules[0];
  if (found !== undefined || folder === project.sourceRoot || folder === '/') return found;
  return nearestModule({ tree, project } as Workspace, posix.dirname(folder), own);
}
