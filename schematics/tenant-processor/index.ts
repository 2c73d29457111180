import type { SchematicContext, Tree } from '@angular-devkit/schematics';
import { posix } from 'node:path';
import { SQLITE_DRIVER, queueDependencies } from '../nest-add/dependencies.js';
import { requireConfig } from '../tenant-migration/add-migration.js';
import { importModule } from '../workspace/import-module.js';
import { readName } from '../workspace/names.js';
import { addDependencies, scheduleInstall } from '../workspace/package-json.js';
import type { ProjectOptions } from '../workspace/project.js';
import { Workspace } from '../workspace/workspace.js';
import * as content from './content.js';
import { importQueues } from './import-queues.js';
import { JobProcessor } from './job-processor.js';

interface TenantProcessorOptions extends ProjectOptions {
  readonly name?: string;
  /** From the source folder. */
  readonly path?: string;
  /** No folder of its own. Default false. */
  readonly flat?: boolean;
  /** The test. Default true. */
  readonly spec?: boolean;
  /** Leave the app's modules as they are. Default false. */
  readonly skipImport?: boolean;
}

/** Creates a processor of jobs with its queue: `nest g -c nestjs-tenancy tenant-processor send-invoices`. */
export function tenantProcessor(options: TenantProcessorOptions) {
  return async (tree: Tree, context: SchematicContext): Promise<void> => {
    const workspace = new Workspace(tree, context, options);
    const { sourceRoot } = requireConfig(workspace);
    const { folder: within, name } = readName(options.name, 'the processor');
    const parent = posix.join(sourceRoot, options.path ?? '', within);
    const folder = options.flat ? parent : posix.join(parent, name.dashed);
    const processor = new JobProcessor(workspace, folder, name);

    workspace.create(processor.file('processor'), content.processor(processor));
    workspace.create(processor.file('module'), content.module(processor));
    if (options.skipImport !== true) {
      importModule(workspace, `${name.pascal}Module`, processor.file('module'), parent);
      importQueues(workspace);
    }
    let isMissing = addDependencies(tree, 'dependencies', queueDependencies(tree));
    if (options.spec !== false) {
      workspace.create(processor.file('processor.spec'), content.spec(processor));
      // The test runs on SQLite, whatever the app runs on.
      isMissing = addDependencies(tree, 'devDependencies', SQLITE_DRIVER) || isMissing;
    }
    if (isMissing) scheduleInstall(tree, context);
    await workspace.format();
  };
}
