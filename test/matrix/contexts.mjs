// The conformance suite of test/contexts/ in an app of another version of NestJS, with the package installed: plain
// node and ES modules, on SQLite. What the entry points import is installed as their files say.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import ts from 'typescript';
import { npm, takeBuiltDriver, writeJson } from './bare-app.mjs';

const require = createRequire(import.meta.url);
const { devDependencies, peerDependencies } =
  /** @type {Record<'devDependencies' | 'peerDependencies', Record<string, string>>} */ (
    require('../../package.json')
  );
const tests = join(import.meta.dirname, '..');

/**
 * @param {string} app its folder
 * @param {string} tarball
 * @param {string} nest the major version
 * @returns the table that the suite prints
 * @throws Error with what it printed, when an entry point does not conform
 */
export async function runContexts(app, tarball, nest) {
  const files = transpile(app);
  // What the entry points import, and what this package loads for them.
  const packages = [...packagesOf(files), ...Object.keys(peerDependencies)];
  const dependencies = Object.fromEntries(packages.map((name) => [name, versionOf(name, nest)]));
  writeJson(join(app, 'package.json'), {
    private: true,
    type: 'module',
    dependencies: {
      ...dependencies,
      '@as-integrations/express5': versionOf('@as-integrations/express5', nest),
      'nestjs-tenancy': `file:${tarball}`,
    },
  });
  npm(app, 'install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund');
  takeBuiltDriver(app);
  writeFileSync(join(app, 'run.js'), RUN);
  const child = spawn(process.execPath, ['run.js'], {
    cwd: app,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [printed, complaint, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.once('exit', resolve)),
  ]);
  if (code !== 0) throw new Error(`${printed}\n${complaint}`);
  return printed;
}

const RUN = `
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { conform } from './contexts/conform.js';

const folder = './contexts/entry-points/';
const table = [];
for (const file of readdirSync(folder)) {
  for (const entryPoint of (await import(folder + file)).entryPoints) {
    const data = mkdtempSync(join(process.cwd(), 'data-'));
    table.push(
      await conform(entryPoint, {
        centralUrl: 'sqlite:' + join(data, 'central.sqlite'),
        serverUrl: 'sqlite:' + join(data, 'tenants'),
        databasePrefix: 'tenant_',
      }).catch((cause) => {
        throw new Error(entryPoint.name, { cause });
      }),
    );
    rmSync(data, { recursive: true });
  }
}
console.table(table);
`;

/** @returns the files of the suite, as JavaScript in the app's folder */
function transpile(/** @type {string} */ app) {
  return ['contexts', 'support'].flatMap((folder) =>
    readdirSync(join(tests, folder), { encoding: 'utf8', recursive: true })
      .filter((file) => /(?<!\.spec)\.ts$/.test(file) && file !== 'all-entry-points.ts')
      .map((file) => {
        const target = join(app, folder, file.replace(/\.ts$/, '.js'));
        const { outputText } = ts.transpileModule(
          readFileSync(join(tests, folder, file), 'utf8'),
          OPTIONS,
        );
        mkdirSync(dirname(target), { recursive: true });
        writeFileSync(target, outputText.replaceAll(WITHOUT_ENDING, "$1.js'"));
        return target;
      }),
  );
}

/** What jest's global setup imports goes without an ending; node wants it. */
const WITHOUT_ENDING = /(?<=\bfrom )('\.{1,2}\/(?:[^'](?!\.js'))*)'/g;

const OPTIONS = {
  compilerOptions: {
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ES2023,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
  },
};

/** What the suite imports, and not what the support of other tests does. */
function packagesOf(/** @type {readonly string[]} */ files) {
  const names = files
    .filter((file) => file.includes('/contexts/'))
    .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/\bfrom ['"]([^'".][^'"]*)['"]/g)])
    .map(([, path = '']) => /^(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? '');
  return [...new Set(names)].filter((name) => !isBuiltin(name) && name !== 'nestjs-tenancy');
}

function versionOf(/** @type {string} */ name, /** @type {string} */ nest) {
  // Two majors ahead of NestJS's own.
  if (/^@nestjs\/(graphql|apollo)$/.test(name)) return String(Number(nest) + 2);
  if (name.startsWith('@nestjs/')) return nest;
  return devDependencies[name] ?? '*';
}
