import type { UnitTestTree } from '@angular-devkit/schematics/testing/index.js';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const REPOSITORY = join(__dirname, '../../..');

/** Writes a tree where it finds this repository's packages. @returns the folder, to be removed */
export function writeTree(tree: UnitTestTree): string {
  mkdirSync(join(REPOSITORY, 'build'), { recursive: true });
  const folder = mkdtempSync(join(REPOSITORY, 'build/generated-'));
  for (const path of tree.files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), tree.readText(path));
  }
  return folder;
}
