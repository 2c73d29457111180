import type { SchematicContext, Tree } from '@angular-devkit/schematics';
import type { ProjectOptions } from '../workspace/project.js';
import { Workspace } from '../workspace/workspace.js';
import { addEnvironment } from './environment.js';
import { createConfig, type Settings } from './settings.js';

/** Creates `tenancy.config.ts` and `.env.example`: what an app needs that imports `TenancyModule` by hand. */
export function tenancyConfig(options: ProjectOptions & Settings) {
  return async (tree: Tree, context: SchematicContext): Promise<void> => {
    const workspace = new Workspace(tree, context, options);
    createConfig(workspace, options);
    addEnvironment(workspace, options.engine ?? 'sqlite');
    await workspace.format();
  };
}
