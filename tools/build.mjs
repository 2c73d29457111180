// Builds the package: dist/cjs and dist/esm, each with its declarations, and proves that both load.
import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
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
await Promise.all([node(tsc, '-p', 'tsconfig.cjs.json'), node(tsc, '-p', 'tsconfig.esm.json')]);
writeFileSync(join(root, 'dist/esm/package.json'), '{ "type": "module" }\n');

// TypeScript resolves an import without its ending that node, in the ES module build, does not.
await Promise.all([
  node('--eval', "require('nestjs-tenancy')"),
  node('--input-type=module', '--eval', "import 'nestjs-tenancy'"),
]);
