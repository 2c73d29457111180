import type { SchematicContext, Tree } from '@angular-devkit/schematics';
import { posix } from 'node:path';
import { SQLITE_DRIVER, VALIDATION } from '../nest-add/dependencies.js';
import { addMigration, requireConfig } from '../tenant-migration/add-migration.js';
import { importModule } from '../workspace/import-module.js';
import { Name, readName } from '../workspace/names.js';
import { addDependencies, scheduleInstall } from '../workspace/package-json.js';
import type { ProjectOptions } from '../workspace/project.js';
import { Workspace } from '../workspace/workspace.js';
import * as content from './content.js';
import { isolationSpec } from './isolation-spec.js';
import { Resource } from './resource.js';

interface TenantResourceOptions extends ProjectOptions {
  readonly name?: string;
  /** From the source folder. */
  readonly path?: string;
  /** No folder of its own. Default false. */
  readonly flat?: boolean;
  /** The isolation test. Default true. */
  readonly spec?: boolean;
  /** Leave the app's module as it is. Default false. */
  readonly skipImport?: boolean;
}

/** Creates what an app needs to serve each tenant rows of its own: `nest g -c nestjs-tenancy tenant-resource projects`. */
export function tenantResource(options: TenantResourceOptions) {
  return async (tree: Tree, context: SchematicContext): Promise<void> => {
    const workspace = new Workspace(tree, context, options);
    const { sourceRoot } = requireConfig(workspace);
    const { folder: within, name } = readName(options.name, 'the resource');
    const parent = posix.join(sourceRoot, options.path ?? '', within);
    const folder = options.flat ? parent : posix.join(parent, name.dashed);
    const resource = new Resource(workspace, folder, name);

    workspace.create(resource.entityFile, content.entity(resource));
    workspace.create(resource.createDtoFile, content.createDto(resource));
    workspace.create(resource.updateDtoFile, content.updateDto(resource));
    workspace.create(resource.file('service'), content.service(resource));
    workspace.create(resource.file('controller'), content.controller(resource));
    workspace.create(resource.file('module'), content.module(resource));
    addMigration(workspace, 'tenant', new Name(`create-${name.plural.dashed}`));
    if (options.skipImport !== true) {
      importModule(workspace, `${name.pascal}Module`, resource.file('module'), parent);
    }

    let isMissing = addDependencies(tree, 'dependencies', VALIDATION);
    if (options.spec !== false) {
      workspace.create(resource.file('isolation.spec'), isolationSpec(resource));
      // The test runs on SQLite, whatever the app runs on.
      isMissing = addDependencies(tree, 'devDependencies', SQLITE_DRIVER) || isMissing;
    }
    if (isMissing) scheduleInstall(tree, context);
    await workspace.format();
  };
}
