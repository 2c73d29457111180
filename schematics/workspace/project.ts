import type { Tree } from '@angular-devkit/schematics';
import { posix } from 'node:path';

/** What the Nest CLI passes to every schematic, and what picks the app in a monorepo. */
export interface ProjectOptions {
  readonly sourceRoot?: string;
  readonly project?: string;
}

/** The app that is worked on. Paths are those of the tree, from its root. */
export interface Project {
  readonly sourceRoot: string;
  /** True for ES modules: relative imports end in `.js` there. */
  readonly esm: boolean;
  readonly configFile: string;
}

export function readProject(tree: Tree, options: ProjectOptions): Project {
  const sourceRoot = posix.join('/', sourceRootOf(tree, options));
  const packageJson = nearestPackageJson(tree, sourceRoot);
  const { type } = readJson<{ type?: string }>(tree, packageJson, {});
  return {
    sourceRoot,
    esm: type === 'module',
    configFile: posix.join(sourceRoot, 'tenancy.config.ts'),
  };
}

/** What one file calls another in an import. */
export function importPath({ esm }: Project, from: string, to: string): string {
  const path = posix.relative(posix.dirname(from), to).replace(/\.ts$/, esm ? '.js' : '');
  return path.startsWith('.') ? path : `./${path}`;
}

/**
 * @param absent what to take for a file that is not there
 * @throws Error naming the file, when it is no JSON
 */
export function readJson<T>(tree: Tree, path: string, absent: T): T {
  const text = tree.read(path)?.toString('utf8');
  if (text === undefined) return absent;
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new Error(`${path} is no JSON`, { cause });
  }
}

/** Overwrites a file, in its own indentation and line endings. */
export function writeJson(tree: Tree, path: string, content: unknown): void {
  const before = tree.read(path)?.toString('utf8') ?? '';
  const indent = /^[ \t]+(?=")/m.exec(before)?.[0] ?? '  ';
  const end = /\s*$/.exec(before)?.[0] ?? '';
  const text = JSON.stringify(content, null, indent);
  tree.overwrite(path, (before.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text) + end);
}

export interface NestCli {
  readonly collection?: string;
  readonly sourceRoot?: string;
  readonly projects?: Readonly<Record<string, { readonly sourceRoot?: string }>>;
}

function sourceRootOf(tree: Tree, { sourceRoot, project }: ProjectOptions): string {
  if (project === undefined && sourceRoot) return sourceRoot;
  const cli = readJson<NestCli>(tree, '/nest-cli.json', {});
  if (project === undefined) return cli.sourceRoot ?? 'src';
  const found = cli.projects?.[project]?.sourceRoot;
  if (found !== undefined) return found;
  const known = Object.keys(cli.projects ?? {}).join(', ');
  throw new Error(`nest-cli.json has no project "${project}". It has: ${known || 'none'}`);
}

/** An app of a monorepo may have its own, and with it another module format. */
function nearestPackageJson(tree: Tree, folder: string): string {
  const path = posix.join(folder, 'package.json');
  if (folder === '/' || tree.exists(path)) return path;
  return nearestPackageJson(tree, posix.dirname(folder));
}
