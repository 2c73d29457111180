import { posix } from 'node:path';
import { addOption, optionAt } from '../source/config-file.js';
import { addImport } from '../source/edit-imports.js';
import { append } from '../source/literals.js';
import type { Source } from '../source/source.js';
import type { Name } from '../workspace/names.js';
import { importPath } from '../workspace/project.js';
import type { Workspace } from '../workspace/workspace.js';
import { migrationContent } from './content.js';

/** Whose databases a migration is for, and where `tenancy.config.ts` lists it. */
export type Side = 'tenant' | 'central';
const SECTIONS = { tenant: 'tenants', central: 'central' } as const;

/**
 * Creates a migration and registers it. One of that name that is there is taken as it is.
 * @throws Error when there is no `tenancy.config.ts` to register it in
 */
export function addMigration(workspace: Workspace, side: Side, name: Name): void {
  const { configFile } = requireConfig(workspace);
  const folder = posix.join(workspace.project.sourceRoot, 'migrations', side);
  const timestamp = timestampOf(workspace, folder, name) ?? String(Date.now());
  const className = name.pascal + timestamp;
  const path = posix.join(folder, `${timestamp}-${name.dashed}.ts`);
  workspace.create(path, migrationContent(className, name));

  const specifier = importPath(workspace.project, configFile, path);
  const isListed = workspace.edit(configFile, (config) => list(config, side, className, specifier));
  if (isListed) return;
  workspace.leaveToUser(
    `${SECTIONS[side]}.migrations of tenancy.config.ts is no plain list of classes, and is left as it is. Unless it ` +
      'covers the new migration already:',
    `import { ${className} } from '${specifier}';

  ${SECTIONS[side]}: { migrations: [${className}] },`,
  );
}

/** @throws Error saying how to make the configuration */
export function requireConfig({ tree, project }: Workspace): Workspace['project'] {
  if (tree.exists(project.configFile)) return project;
  throw new Error(
    `There is no ${project.configFile.slice(1)}. Make it first: nest g -c nestjs-tenancy tenancy-config`,
  );
}

/** Of the migration of that name, when there is one. */
function timestampOf({ tree }: Workspace, folder: string, name: Name): string | undefined {
  const [found] = tree
    .getDir(folder)
    .subfiles.map((file) => /^(\d+)-(.+)\.ts$/.exec(file))
    .filter((match) => match?.[2] === name.dashed);
  return found?.[1];
}

function list(config: Source, side: Side, className: string, specifier: string): boolean {
  const { ts } = config;
  const option = [SECTIONS[side], 'migrations'];
  const before = optionAt(config, option);
  if (before !== undefined) {
    if (!ts.isArrayLiteralExpression(before)) return false;
    if (before.elements.some((element) => element.getText() === className)) return true;
    // A glob may find the file by itself, and TypeORM refuses a migration that is there twice.
    if (!before.elements.every((element) => ts.isIdentifier(element))) return false;
  }
  if (addImport(config, className, specifier) !== className) return false;
  const array = optionAt(config, option);
  if (array === undefined) return addOption(config, option, `[${className}]`);
  if (!ts.isArrayLiteralExpression(array)) return false;
  append(config, array, className);
  return true;
}
