// Boots the bare app and uses it over HTTP, as the browsers of two tenants would.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ask } from './ask.mjs';

/**
 * @param {string} app
 * @param {import('./bare-app.mjs').Format} format
 * @param {string} platform
 * @throws Error with what the app printed, or with the answer that is wrong
 */
export async function serveTenants(app, format, platform) {
  const data = join(app, format, `data-${platform}`);
  mkdirSync(data);
  const child = fork(join(app, format, 'dist/main.js'), {
    cwd: data,
    env: { ...process.env, NO_COLOR: '1', PLATFORM: platform },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const printed = text(/** @type {import('node:stream').Readable} */ (child.stderr));
  const exited = once(child, 'exit');
  try {
    const [url] = await Promise.race([
      once(child, 'message', { signal: AbortSignal.timeout(60_000) }),
      exited.then(async () => Promise.reject(new Error(lastLines(await printed)))),
    ]);
    await checkAnswers(url);
  } finally {
    child.kill();
    await exited;
  }
}

/** Of a failed start, which TypeOrmModule tries ten times. */
function lastLines(/** @type {string} */ printed) {
  return printed.trimEnd().split('\n').slice(-15).join('\n');
}

async function checkAnswers(/** @type {string} */ app) {
  const url = `${app}/projects`;
  const project = { id: 1, name: 'of t1' };
  assert.deepEqual(await ask(url, 't1.localhost', { name: 'of t1' }), [201, project]);
  assert.deepEqual(await ask(url, 't1.localhost'), [200, [project]]);
  assert.deepEqual(await ask(url, 't2.localhost'), [200, []]);
  assert.equal((await ask(url, 'unknown.localhost'))[0], 404);
}
