import type { SchematicContext, Tree } from '@angular-devkit/schematics';
import { addEnvironment } from '../tenancy-config/environment.js';
import { createConfig, type Settings } from '../tenancy-config/settings.js';
import { addDependencies, addScripts, scheduleInstall } from '../workspace/package-json.js';
import { importPath, type ProjectOptions } from '../workspace/project.js';
import { Workspace } from '../workspace/workspace.js';
import { importTenancy } from './app-module.js';
import { moveInto, type CarriedOver } from './carry-over.js';
import { dependenciesFor } from './dependencies.js';
import { findModule } from './module-file.js';
import { planFor } from './plan.js';
import { SCRIPTS } from './scripts.js';

interface NestAddOptions extends ProjectOptions, Settings {
  /** The file of the module that imports TenancyModule, from the source folder. */
  readonly module?: string;
}

/** Makes an app multi-tenant: `nest add nestjs-tenancy`. */
export function nestAdd(options: NestAddOptions) {
  return async (tree: Tree, context: SchematicContext): Promise<void> => {
    const workspace = new Workspace(tree, context, options);
    const modulePath = findModule(workspace, options.module);
    const plan = planFor(workspace, modulePath);
    const carried = plan.to === 'import' ? plan.carried : undefined;

    createConfig(workspace, options);
    if (plan.to === 'leave') leaveModule(workspace, modulePath, plan.why);
    if (plan.to === 'import') {
      const configPath = importPath(workspace.project, modulePath, workspace.project.configFile);
      const edited = workspace.edit(modulePath, (source) => importTenancy(source, configPath));
      if (!edited) leaveModule(workspace, modulePath, 'its imports cannot be edited safely');
      else if (carried !== undefined) carryOver(workspace, modulePath, carried);
    }

    const engine = options.engine ?? carried?.engine ?? 'sqlite';
    addEnvironment(workspace, engine, carried?.server);
    addScripts(tree, SCRIPTS);
    if (addDependencies(tree, 'dependencies', dependenciesFor(tree, engine))) {
      scheduleInstall(tree, context);
    }
    await workspace.format();
  };
}

function leaveModule(workspace: Workspace, path: string, why: string): void {
  const { configFile } = workspace.project;
  workspace.leaveToUser(
    `${path.slice(1)} is left as it is: ${why}. What belongs into the app's module:`,
    `import { TenancyModule } from 'nestjs-tenancy';
import tenancyConfig from '${importPath(workspace.project, path, configFile)}';

@Module({
  // Instead of TypeOrmModule.forRoot(…), if there is one:
  imports: [TenancyModule.forRoot(tenancyConfig)],
})`,
  );
}

/** Brings the options of `TypeOrmModule.forRoot(…)` to their new places, and names those that have none. */
function carryOver(workspace: Workspace, from: string, carried: CarriedOver): void {
  const { configFile } = workspace.project;
  const left = carried.movable.filter(
    (option) => !workspace.edit(configFile, (config) => moveInto(config, option, from)),
  );
  const notes = [
    ...left.map(({ path, value }) => `${path.join('.')}: ${value}: say it in tenancy.config.ts`),
    ...carried.notes,
  ];
  workspace.tell(
    'TenancyModule.forRoot() stands where TypeOrmModule.forRoot() was. Where the databases are is told by the ' +
      'environment now: TENANCY_CENTRAL_URL and TENANCY_SERVER_URL, see .env.example.',
  );
  if (notes.length > 0) {
    workspace.tell(`Not carried over:\n${notes.map((note) => `  ${note}`).join('\n')}`);
  }
  const database = carried.database ?? 'its name';
  workspace.tell(
    `The database that was there can become the first tenant, as it is: create({ slug: 'first', adoptDatabase: '${database}' }).`,
  );
}
