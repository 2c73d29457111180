import { SchematicTestRunner, UnitTestTree } from '@angular-devkit/schematics/testing/index.js';
import { Tree } from '@angular-devkit/schematics';
import { join } from 'node:path';

const REPOSITORY = join(__dirname, '../../..');

/** What a schematic has done. */
export interface Done {
  readonly tree: UnitTestTree;
  /** What it printed. */
  readonly printed: string;
  /** The package managers that it has install, in the end. */
  readonly installs: readonly string[];
}

/** Runs one of this package's schematics, or a stock one, on a copy of files in memory. */
export async function run(
  schematic: string,
  options: object,
  tree: Tree = Tree.empty(),
): Promise<Done> {
  const runner = new SchematicTestRunner(
    'nestjs-tenancy',
    join(REPOSITORY, 'schematics/collection.json'),
  );
  const lines: string[] = [];
  runner.logger.subscribe(({ message }) => lines.push(message));
  const done = await runner.runSchematic(schematic, options, tree.branch());
  const installs = runner.tasks.map(({ options: task }) =>
    Reflect.get(Object(task), 'packageManager'),
  );
  return { tree: done, printed: lines.join('\n'), installs };
}

/** A fresh app, by the stock generator; as ES module, if need be. */
export async function freshApp({ esm = false } = {}): Promise<UnitTestTree> {
  const { tree } = await run('application', { name: 'shop', directory: '.', strict: true });
  if (!esm) return tree;
  const packageJson = JSON.parse(tree.readText('/package.json'));
  tree.overwrite('/package.json', JSON.stringify({ ...packageJson, type: 'module' }, null, 2));
  for (const path of tree.files.filter((file) => file.startsWith('/src/'))) {
    tree.overwrite(path, tree.readText(path).replace(/from '(\.\/[^']+)'/g, "from '$1.js'"));
  }
  return tree;
}

/** Every file and what is in it, for comparison as a whole. */
export function contents(tree: UnitTestTree): Record<string, string> {
  return Object.fromEntries(tree.files.toSorted().map((path) => [path, tree.readContent(path)]));
}

/** A fresh app whose module is as given. */
export async function appWith(appModule: string): Promise<UnitTestTree> {
  const tree = await freshApp();
  tree.overwrite('/src/app.module.ts', appModule);
  return tree;
}
