import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineSetup } from './engines.js';

/** Drops a database past this package, as another process does. */
export async function dropDatabase(setup: EngineSetup, name: string): Promise<void> {
  if (setup.admin !== undefined) {
    await setup.admin(`DROP DATABASE \`${name}\``);
    return;
  }
  const file = join(setup.serverUrl.replace(/^sqlite:/, ''), `${name}.sqlite`);
  await Promise.all(['', '-wal', '-shm'].map((ending) => rm(file + ending, { force: true })));
}
