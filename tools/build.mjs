// Builds the package: dist/cjs and dist/esm, each with its declarations, and the schematics; and proves that all load.
import { execFile } from 'node:child_process';
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

/** Runs node in the repository; what it printed follows when it fails. */
async function node(/** @type {string[]} */ ...args) {
  try {
    await promisify(execFile)(process.execPath, args, { cwd: root });
  } catch (error) {
    const { stdout, stderr } = /** @type {{ stdout: string, stderr: string }} */ (error);
    console.error(`node ${args.join(' ')} failed:\n${stdout}${stderr}`);
    process.exit(1);
  }
}

rmSync(join(root, 'dist'), { recursive: true, force: true });
await Promise.all(
  ['cjs', 'esm', 'schematics'].map((name) => node(tsc, '-p', `tsconfig.${name}.json`)),
);
// The collection, the options of each schematic and the script of another process, which the compiler leaves behind.
for (const file of readdirSync(join(root, 'schematics'), { encoding: 'utf8', recursive: true })) {
  if (/\.(json|mjs)$/.test(file)) {
    cpSync(join(root, 'schematics', file), join(root, 'dist/schematics', file));
  }
}
writeFileSync(join(root, 'dist/esm/package.json'), '{ "type": "module" }\n');

const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = Object.keys(exports)
  .filter((path) => !path.endsWith('.json'))
  .map((path) => path.replace('.', name));

// TypeScript resolves an import without its ending that node, in the ES module build, does not.
await Promise.all([
  ...entries.flatMap((entry) => [
    node('--eval', `require('${entry}')`),
    node('--input-type=module', '--eval', `import '${entry}'`),
  ]),
  node(
    '--eval',
    `const { schematics } = require('./dist/schematics/collection.json');
    for (const { factory = '' } of Object.values(schematics)) {
      const [file, name] = factory.split('#');
      if (name && !require(require.resolve(file, { paths: ['./dist/schematics'] }))[name]) throw new Error(factory);
    }`,
  ),
]);
