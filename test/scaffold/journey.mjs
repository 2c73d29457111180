// What a new user does, step by step, and what must be true afterwards.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ask } from '../matrix/ask.mjs';

/** @import { FreshApp } from './fresh-app.mjs' */

/**
 * From the empty folder to the first tenant's answer.
 * @returns {Promise<{ seconds: number, installing: number }>}
 */
export async function goToFirstAnswer(/** @type {FreshApp} */ app) {
  const start = performance.now();
  const step = async (/** @type {string} */ what, /** @type {() => unknown} */ work) => {
    const began = performance.now();
    await work();
    const seconds = (performance.now() - began) / 1000;
    console.log(`NestJS ${app.major}: ${what}, ${seconds.toFixed(1)} s`);
  };
  await step('nest new, npm install', () => app.create());
  await step('nest add', () => app.add('--engine=sqlite'));
  await step('npm run build', () => app.npm('run', 'build'));
  await step('two tenants', () => {
    for (const slug of ['acme', 'globex']) app.tenancy('tenant', 'create', slug);
  });
  await step('nest g tenant-resource', () =>
    app.nest('generate', '--collection=nestjs-tenancy', 'tenant-resource', 'projects'),
  );
  await step('npm run build', () => app.npm('run', 'build'));
  await step('migrations', () => app.npm('run', 'tenancy:migrate'));
  let seconds = 0;
  await step('start, requests', () =>
    serve(app, async (/** @type {string} */ url) => {
      const projects = `${url}/projects`;
      assert.deepEqual(await ask(projects, 'acme.localhost', { name: 'Website' }), [
        201,
        { id: 1, name: 'Website' },
      ]);
      seconds = (performance.now() - start) / 1000;
      assert.deepEqual(await ask(projects, 'acme.localhost'), [200, [{ id: 1, name: 'Website' }]]);
      assert.deepEqual(await ask(projects, 'globex.localhost'), [200, []]);
      assert.equal((await ask(`${projects}/1`, 'globex.localhost'))[0], 404);
      assert.equal((await ask(projects, 'acme.localhost', { name: '' }))[0], 400);
      assert.equal((await ask(projects, 'nobody.localhost'))[0], 404);
    }),
  );
  return { seconds, installing: app.installing };
}

/** Holds what was generated against the app's own rules, and against being generated again. */
export async function checkGenerated(/** @type {FreshApp} */ app) {
  // As the collection of the project, it has the stock generators, too.
  const cli = JSON.parse(app.read('nest-cli.json'));
  app.write('nest-cli.json', JSON.stringify({ ...cli, collection: 'nestjs-tenancy' }, null, 2));
  app.nest('generate', 'service', 'stock');
  assert.ok(Object.hasOwn(app.tree(), 'src/stock/stock.service.ts'));
  const generate = () => {
    app.addAgain('--engine=sqlite');
    app.nest('generate', 'tenancy-config');
    app.nest('generate', 'tenant-resource', 'projects');
    app.nest('generate', 'tenant-migration', 'add-colour-to-projects');
    app.nest('generate', 'tenant-migration', 'tidy-up');
    app.nest('generate', 'central-migration', 'create-plans');
    app.nest('generate', 'tenant-seeder', 'projects');
  };
  generate();
  const first = app.tree();
  generate();
  assert.deepEqual(app.tree(), first);

  app.bin('tsc', '--noEmit', '--strict', '--strictPropertyInitialization');
  app.bin('prettier', '--check', 'src');
  // The starter's own main.ts has a warning.
  const eslint = ['--max-warnings=0', '--ignore-pattern=src/main.ts', 'src/**/*.ts'];
  if (app.major === 11) app.bin('eslint', ...eslint);
  else app.bin('oxlint', '--type-aware', '--deny-warnings', 'src');
  app.npm('test');
  app.npm('run', 'build');
  app.npm('run', 'tenancy:migrate');
  app.npm('run', 'tenancy:doctor');
}

/** Runs the built app while `work` asks it. */
async function serve(
  /** @type {FreshApp} */ app,
  /** @type {(url: string) => Promise<void>} */ work,
) {
  const child = fork(join(app.folder, 'dist/main.js'), {
    cwd: app.folder,
    env: { ...process.env, NO_COLOR: '1', PORT: '0' },
    execArgv: ['--import', new URL('tell-port.mjs', import.meta.url).href],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const printed = text(/** @type {import('node:stream').Readable} */ (child.stderr));
  const exited = once(child, 'exit');
  try {
    const [port] = await Promise.race([
      once(child, 'message', { signal: AbortSignal.timeout(60_000) }),
      exited.then(async () =>
        Promise.reject(new Error(`The app does not start: ${await printed}`)),
      ),
    ]);
    await work(`http://127.0.0.1:${port}`);
  } finally {
    child.kill();
    await exited;
  }
}
