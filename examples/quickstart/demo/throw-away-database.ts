import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SERVER_KINDS } from '../../../bench/harness/command.js';
import { serverVersion } from '../../../bench/harness/server-status.js';
import type { Stoppable } from '../../../bench/harness/stopping.js';
import { startServer, type ServerKind } from '../../../test/support/servers/index.js';

export const DATABASE_KINDS = ['sqlite', ...SERVER_KINDS] as const;
export type DatabaseKind = (typeof DATABASE_KINDS)[number];

/** Where a demo's data go. `stop` deletes them. */
export interface ThrowAwayDatabase extends Stoppable {
  /** Name and version of what holds them. */
  readonly version: string;
  readonly environment: {
    readonly TENANCY_CENTRAL_URL: string;
    readonly TENANCY_SERVER_URL: string;
  };
}

export function startDatabase(kind: DatabaseKind): Promise<ThrowAwayDatabase> {
  return kind === 'sqlite' ? makeFolder() : startServerOf(kind);
}

async function makeFolder(): Promise<ThrowAwayDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-demo-'));
  return {
    version: `SQLite in ${folder}`,
    environment: {
      TENANCY_CENTRAL_URL: `sqlite:${join(folder, 'central.sqlite')}`,
      TENANCY_SERVER_URL: `sqlite:${join(folder, 'tenants')}`,
    },
    stop: () => rm(folder, { recursive: true }),
  };
}

async function startServerOf(kind: ServerKind): Promise<ThrowAwayDatabase> {
  const server = await startServer(kind);
  try {
    await server.query('CREATE DATABASE central');
    return {
      version: await serverVersion(server),
      environment: { TENANCY_CENTRAL_URL: `${server.url}/central`, TENANCY_SERVER_URL: server.url },
      stop: () => server.stop(),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
