import type { SchematicContext, Tree } from '@angular-devkit/schematics';
import { readJson, writeJson } from './project.js';

const PATH = '/package.json';

type Section = 'dependencies' | 'devDependencies' | 'scripts';
export type Entries = Readonly<Record<string, string>>;
export type PackageJson = { [section in Section]?: Record<string, string> };

export function readPackageJson(tree: Tree): PackageJson {
  return readJson<PackageJson>(tree, PATH, {});
}

/**
 * Adds what is missing, in the order that npm keeps. What is there keeps its version, be it in the other section.
 * @returns true when something was added
 */
export function addDependencies(
  tree: Tree,
  section: 'dependencies' | 'devDependencies',
  wanted: Entries,
): boolean {
  const content = readPackageJson(tree);
  const there = { ...content.dependencies, ...content.devDependencies };
  const missing = Object.entries(wanted).filter(([name]) => !Object.hasOwn(there, name));
  if (missing.length === 0) return false;
  const entries = [...Object.entries(content[section] ?? {}), ...missing];
  content[section] = Object.fromEntries(entries.toSorted(([a], [b]) => a.localeCompare(b, 'en')));
  writeJson(tree, PATH, content);
  return true;
}

/** @returns true when something was removed */
export function removeDependencies(tree: Tree, names: readonly string[]): boolean {
  const content = readPackageJson(tree);
  let removed = false;
  for (const section of [content.dependencies, content.devDependencies]) {
    for (const name of names) {
      if (section === undefined || !Object.hasOwn(section, name)) continue;
      delete section[name];
      removed = true;
    }
  }
  if (removed) writeJson(tree, PATH, content);
  return removed;
}

/** Adds the scripts whose names are free. */
export function addScripts(tree: Tree, scripts: Entries): void {
  const content = readPackageJson(tree);
  const missing = Object.entries(scripts).filter(
    ([name]) => content.scripts === undefined || !Object.hasOwn(content.scripts, name),
  );
  if (missing.length === 0) return;
  content.scripts = { ...content.scripts, ...Object.fromEntries(missing) };
  writeJson(tree, PATH, content);
}

/** Removes the scripts that are as they were added. */
export function removeScripts(tree: Tree, scripts: Entries): void {
  const content = readPackageJson(tree);
  const ours = Object.entries(scripts).filter(([name, line]) => content.scripts?.[name] === line);
  if (ours.length === 0) return;
  for (const [name] of ours) delete content.scripts?.[name];
  writeJson(tree, PATH, content);
}

/** Has the project's package manager install when the files are written. */
export function scheduleInstall(tree: Tree, context: SchematicContext): void {
  // The task that the devkit calls NodePackageInstallTask, without having to be loaded for it.
  const options = { command: 'install', quiet: true, packageManager: packageManagerOf(tree) };
  context.addTask({ toConfiguration: () => ({ name: 'node-package', options }) });
}

const LOCK_FILES = {
  'pnpm-lock.yaml': 'pnpm',
  'yarn.lock': 'yarn',
  'bun.lock': 'bun',
  'bun.lockb': 'bun',
} as const;

function packageManagerOf(tree: Tree): string {
  const found = Object.entries(LOCK_FILES).find(([file]) => tree.exists(file));
  return found?.[1] ?? 'npm';
}
