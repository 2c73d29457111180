import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Environment } from '../../options/environment.js';
import { ConfigNotFoundError } from '../errors.js';

/** The module system that node loads a file as. */
export type ModuleFormat = 'cjs' | 'esm';

/** A `tenancy.config` file of an app. */
export interface ConfigFile {
  readonly path: string;
  /** The folder of the app's `package.json`. */
  readonly root: string;
  /** TypeScript, to be compiled first. */
  readonly isSource: boolean;
  readonly format: ModuleFormat;
}

const NAME = 'tenancy.config';
const SOURCE = ['.ts', '.mts', '.cts'];
const BUILT = ['.js', '.mjs', '.cjs'];

/**
 * Finds the app's configuration: its source in development, the build output in production. The build output serves in
 * development, too, where there is no source, or no compiler for it.
 * @param given the path of the file, when it is somewhere else
 * @throws ConfigNotFoundError that says what was looked for and where
 */
export function findConfig(cwd: string, env: Environment, given?: string): ConfigFile {
  const root = packageRoot(cwd);
  if (given !== undefined) {
    const path = resolve(cwd, given);
    if (isFile(path)) return describe(path, root);
    throw new ConfigNotFoundError(
      'such file',
      [path],
      'Give the path of your tenancy.config file.',
    );
  }
  const { sources, built } = candidates(root);
  const output = built.find(isFile);
  if (env.NODE_ENV === 'production') {
    if (output !== undefined) return describe(output, root);
    const source = sources.find(isFile);
    const seen = source === undefined ? '' : `There is its source, ${source}. `;
    throw new ConfigNotFoundError(
      'built tenancy.config, which is what is read with NODE_ENV=production',
      built,
      `${seen}Build the app first; or name the file: --config <file>.`,
    );
  }
  const found = sources.find(isFile) ?? output;
  if (found !== undefined) return describe(found, root);
  throw new ConfigNotFoundError(
    'tenancy.config',
    [...sources, ...built],
    "Run it in the app's folder, or name the file: --config <file>. It looks like this:\n" +
      "  import { defineTenancyConfig } from 'nestjs-tenancy';\n" +
      '  export default defineTenancyConfig({});',
  );
}

/** The build output of a source that cannot be compiled here, if there is one. */
export function builtInstead({ root }: ConfigFile): ConfigFile | undefined {
  const output = candidates(root).built.find(isFile);
  return output === undefined ? undefined : describe(output, root);
}

function candidates(root: string) {
  const sourceRoot = nestSourceRoot(root);
  const folders = [...new Set([sourceRoot, 'src', '.'])];
  // `nest build` of a monorepo keeps the path of the app; tsc keeps `src` when something beside it is compiled, too.
  const app = sourceRoot.replace(/\/src$/, '');
  const outputs = ['dist', 'build'].flatMap((out) => [
    out,
    join(out, 'src'),
    ...(app === 'src' || app === '.' ? [] : [join(out, app), join(out, app, 'src')]),
  ]);
  const paths = (where: readonly string[], endings: readonly string[]) =>
    where.flatMap((folder) => endings.map((ending) => join(root, folder, NAME + ending)));
  return { sources: paths(folders, SOURCE), built: paths([...outputs, ...folders], BUILT) };
}

function nestSourceRoot(root: string): string {
  const path = join(root, 'nest-cli.json');
  if (!isFile(path)) return 'src';
  const { sourceRoot } = JSON.parse(readFileSync(path, 'utf8')) as {
    readonly sourceRoot?: unknown;
  };
  return typeof sourceRoot === 'string' ? sourceRoot : 'src';
}

function describe(path: string, root: string): ConfigFile {
  return { path, root, isSource: /\.[mc]?ts$/.test(path), format: formatOf(path) };
}

/** As node decides it. */
export function formatOf(path: string): ModuleFormat {
  if (/\.m[jt]s$/.test(path)) return 'esm';
  if (/\.c[jt]s$/.test(path)) return 'cjs';
  const manifest = join(packageRoot(dirname(path)), 'package.json');
  if (!existsSync(manifest)) return 'cjs';
  const { type } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly type?: unknown };
  return type === 'module' ? 'esm' : 'cjs';
}

/** The nearest folder with a `package.json`, from `folder` upwards; `folder` itself where there is none. */
function packageRoot(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return at;
    if (dirname(at) === at) return folder;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
