// Packs the package and tries it as its users get it: installed into bare apps, one for each major version of NestJS
// and of TypeORM that it supports; each app as CommonJS and as ES module, on Express and on Fastify.
// Prints a table and ends with 1 when a cell fails.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FORMATS, checkTypes, importRoot, installApp } from './bare-app.mjs';
import { runContexts } from './contexts.mjs';
import { packPackage } from './package.mjs';
import { serveTenants } from './serve.mjs';

const VERSIONS = [
  { nest: '11', typeorm: '0.3' },
  { nest: '11', typeorm: '1' },
  { nest: '12', typeorm: '0.3' },
  { nest: '12', typeorm: '1' },
];
const PLATFORMS = ['express', 'fastify'];

const folder = mkdtempSync(join(tmpdir(), 'matrix-'));
/** @type {Array<{ where: string, problem: string }>} */
const failures = [];

/** Runs one cell of the table: `ok` and its seconds, or `FAIL`, to be explained below the table. */
async function cell(/** @type {string} */ where, /** @type {() => void | Promise<void>} */ work) {
  const start = performance.now();
  try {
    await work();
    return `ok ${((performance.now() - start) / 1000).toFixed(1)} s`;
  } catch (error) {
    failures.push({ where, problem: error instanceof Error ? error.message : String(error) });
    return 'FAIL';
  }
}

/** @type {Record<string, Record<string, string>>} */
const table = {};
let tarball = '';
const packed = await cell('package', () => {
  tarball = packPackage(folder);
});
console.log(`package: ${packed}`);

for (const versions of tarball === '' ? [] : VERSIONS) {
  const name = `NestJS ${versions.nest}, TypeORM ${versions.typeorm}`;
  const app = join(folder, name.replace(/\W+/g, '-'));
  /** @type {Record<string, string>} */
  const row = (table[name] = {});
  const run = async (
    /** @type {string} */ column,
    /** @type {() => void | Promise<void>} */ work,
  ) => {
    row[column] = ''; // holds the column's place
    row[column] = await cell(`${name}, ${column}`, work);
    return row[column] !== 'FAIL';
  };
  if (!(await run('install', () => installApp(app, tarball, versions)))) continue;
  await Promise.all(FORMATS.map((format) => run(`${format} types`, () => checkTypes(app, format))));
  for (const format of FORMATS) {
    await run(`${format} import`, () => importRoot(app, format));
    await Promise.all(
      PLATFORMS.map((platform) =>
        run(`${format} ${platform}`, () => serveTenants(app, format, platform)),
      ),
    );
  }
  console.log(`${name}: ${Object.values(row).includes('FAIL') ? 'FAIL' : 'ok'}`);
}

// On the other version the suite runs under jest, which cannot load the ES modules of this one.
if (tarball !== '') {
  const name = 'NestJS 12, entry points';
  const ended = await cell(name, async () => {
    console.log(await runContexts(join(folder, 'contexts'), tarball, '12'));
  });
  table[name] = { contexts: ended };
}

console.table(table);
for (const { where, problem } of failures)
  console.error(`\n${where}\n${problem.replace(/^/gm, '  ')}`);
if (failures.length > 0) {
  console.error(`\n${failures.length} cell(s) failed; the apps are in ${folder}`);
  process.exitCode = 1;
} else {
  rmSync(folder, { recursive: true });
}
