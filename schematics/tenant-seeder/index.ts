import type { SchematicContext, Tree } from '@angular-devkit/schematics';
import { posix } from 'node:path';
import { requireConfig } from '../tenant-migration/add-migration.js';
import { readName, type Name } from '../workspace/names.js';
import { importPath, type ProjectOptions } from '../workspace/project.js';
import { Workspace } from '../workspace/workspace.js';
import { callSeeder } from './call-seeder.js';

/** Creates a seeder of new tenants, of the rows of an entity: `nest g -c nestjs-tenancy tenant-seeder projects`. */
export function tenantSeeder(options: ProjectOptions & { readonly name?: string }) {
  return async (tree: Tree, context: SchematicContext): Promise<void> => {
    const workspace = new Workspace(tree, context, options);
    const { configFile, sourceRoot } = requireConfig(workspace);
    const { name } = readName(options.name, 'the seeder');
    const { plural, singular } = name;
    const entity = findEntity(workspace, singular);
    const path = posix.join(sourceRoot, 'seeders', `${plural.dashed}.seeder.ts`);
    workspace.create(path, seeder(plural, singular, importPath(workspace.project, path, entity)));

    const seed = `seed${plural.pascal}`;
    const specifier = importPath(workspace.project, configFile, path);
    const isCalled = workspace.edit(configFile, (config) => callSeeder(config, seed, specifier));
    if (!isCalled) {
      workspace.leaveToUser(
        'tenants.seed of tenancy.config.ts is left as it is: it cannot be edited safely. What belongs into it:',
        `import { ${seed} } from '${specifier}';\n\nawait ${seed}(tenant, dataSource);`,
      );
    }
    await workspace.format();
  };
}

/** @throws Error when there is none, or more than one */
function findEntity({ tree, project }: Workspace, name: Name): string {
  const file = `${name.dashed}.entity.ts`;
  const found: string[] = [];
  tree.getDir(project.sourceRoot).visit((path) => {
    if (posix.basename(path) === file) found.push(path);
  });
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw new Error(
    found.length > 1
      ? `There are several ${file}: ${found.join(', ')}. Write the seeder beside the one that is meant`
      : `There is no ${file} in ${project.sourceRoot.slice(1)}. A seeder is named after the entity that it makes rows of`,
  );
}

function seeder(plural: Name, singular: Name, entityPath: string): string {
  const [rows, entity] = [`FIRST_${plural.snake.toUpperCase()}`, singular.pascal];
  return `import type { TenantSeeder } from 'nestjs-tenancy';
import type { DeepPartial } from 'typeorm';
import { ${entity} } from '${entityPath}';

/** What a new tenant begins with. */
const ${rows}: DeepPartial<${entity}>[] = [];

/** May run again after a failure, and then leaves what is there. */
export const seed${plural.pascal}: TenantSeeder = async (_tenant, dataSource) => {
  const ${plural.camel} = dataSource.getRepository(${entity});
  if ((await ${plural.camel}.count()) > 0) return;
  await ${plural.camel}.save(${plural.camel}.create(${rows}));
};
`;
}
