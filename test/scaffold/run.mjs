// From an empty folder to two tenants, as a new user goes: a fresh app of the Nest CLI, `nest add` of the packed package,
// two tenants, a generated resource, build, migrations, requests to both. Once with NestJS 11 (CommonJS, jest, eslint)
// and once with NestJS 12 (ES modules, vitest, oxlint), in the CLI's own templates. Then what was generated is held
// against the app's own lint, format and tests.
//
// Prints the time to the first tenant's answer, with and without npm's downloading and unpacking; without, it is to be
// under a minute. Ends with 1 when anything is off.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packPackage } from '../matrix/package.mjs';
import { FreshApp } from './fresh-app.mjs';
import { checkGenerated, goToFirstAnswer } from './journey.mjs';

const LIMIT = 60;

const folder = mkdtempSync(join(tmpdir(), 'scaffold-'));
const tarball = packPackage(folder);
/** @type {Array<Record<string, string | number>>} */
const table = [];
let failed = false;

for (const major of [11, 12]) {
  const app = new FreshApp(join(folder, `nest-${major}`), major, tarball);
  try {
    app.installCli();
    const { seconds, installing } = await goToFirstAnswer(app);
    await checkGenerated(app);
    const own = seconds - installing;
    if (own > LIMIT) throw new Error(`${own.toFixed(1)} s to the first answer, over ${LIMIT} s`);
    table.push({
      app: `NestJS ${major}`,
      'first answer': `${own.toFixed(1)} s`,
      'with npm install': `${seconds.toFixed(1)} s`,
      checks: 'ok',
    });
  } catch (error) {
    failed = true;
    table.push({ app: `NestJS ${major}`, checks: 'FAIL' });
    console.error(`\nNestJS ${major}: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

console.table(table);
if (failed) {
  console.error(`The apps are in ${folder}`);
  process.exitCode = 1;
} else {
  rmSync(folder, { recursive: true });
}
