import type { SchematicContext, Tree } from '@angular-devkit/schematics';
import { addMigration } from './add-migration.js';
import { readName } from '../workspace/names.js';
import type { ProjectOptions } from '../workspace/project.js';
import { Workspace } from '../workspace/workspace.js';

/** Creates a migration of the tenants' databases: `nest g -c nestjs-tenancy tenant-migration create-notes`. */
export function tenantMigration(options: ProjectOptions & { readonly name?: string }) {
  return async (tree: Tree, context: SchematicContext): Promise<void> => {
    const workspace = new Workspace(tree, context, options);
    addMigration(workspace, 'tenant', readName(options.name, 'the migration').name);
    await workspace.format();
  };
}
