// The package as it would be published.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** What a user needs: the built files with their declarations, and the papers. Source maps would lead to files that are not there. */
const SHIPPED =
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/esm\/package\.json|dist\/.+\.(js|d\.ts)|dist\/schematics\/.+\.(json|mjs))$/;

/**
 * Builds and packs into `folder`.
 * @returns the tarball's path
 * @throws Error naming each file that is missing or should not be there
 */
export function packPackage(/** @type {string} */ folder) {
  execFileSync(process.execPath, [join(root, 'tools/build.mjs')], { stdio: 'inherit' });
  const printed = execFileSync(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const [{ filename, files }] = JSON.parse(printed);
  const paths = files.map((/** @type {{ path: string }} */ file) => file.path);
  const problems = [
    ...paths
      .filter((/** @type {string} */ path) => !SHIPPED.test(path))
      .map((/** @type {string} */ path) => `${path} should not be in it`),
    ...promised()
      .filter((path) => !paths.includes(path))
      .map((path) => `${path} is missing from it`),
  ];
  if (problems.length > 0) throw new Error(`The tarball: ${problems.join('; ')}`);
  return join(folder, filename);
}

/** The papers, and every file that package.json leads to. */
function promised() {
  const { main, types, exports, schematics } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  const led = JSON.stringify([main, types, exports, schematics]).matchAll(
    /"\.\/([^"]+\.(?:js|json|d\.ts))"/g,
  );
  return ['README.md', 'LICENSE', 'CHANGELOG.md', ...[...led].map(([, path = '']) => path)];
}
