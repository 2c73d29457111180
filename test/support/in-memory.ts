import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineSetup, TestEngine } from './engines.js';

/** Linux keeps it in memory. */
const MEMORY = '/dev/shm';

/**
 * As `prepare()`, with SQLite's files in memory where the machine has a folder there: for tests that write so much that
 * they would else wait for the disk most of the time. The servers are told not to wait for it anyway.
 */
export async function prepareInMemory({ name, prepare }: TestEngine): Promise<EngineSetup> {
  if (name !== 'sqlite') return prepare();
  const folder = await mkdtemp(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'nestjs-tenancy-'));
  return {
    centralUrl: `sqlite:${join(folder, 'central.sqlite')}`,
    serverUrl: `sqlite:${join(folder, 'tenants')}`,
    databasePrefix: 'tenant_',
    cleanUp: () => rm(folder, { recursive: true }),
  };
}
