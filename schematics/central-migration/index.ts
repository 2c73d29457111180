import type { SchematicContext, Tree } from '@angular-devkit/schematics';
import { addMigration } from '../tenant-migration/add-migration.js';
import { readName } from '../workspace/names.js';
import type { ProjectOptions } from '../workspace/project.js';
import { Workspace } from '../workspace/workspace.js';

/** Creates a migration of the central database: `nest g -c nestjs-tenancy central-migration create-plans`. */
export function centralMigration(options: ProjectOptions & { readonly name?: string }) {
  return async (tree: Tree, context: SchematicContext): Promise<void> => {
    const workspace = new Workspace(tree, context, options);
    addMigration(workspace, 'central', readName(options.name, 'the migration').name);
    await workspace.format();
  };
}
