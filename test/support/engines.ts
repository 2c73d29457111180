import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selectedEngines, type EngineName } from './selected-engines.js';
import { AdminConnection, type ServerKind } from './servers/index.js';
import { sharedServerUrl } from './shared-servers.js';

/** Where one test's data go, apart from those of every other test. */
export interface EngineSetup {
  /** A central database that is there and empty. */
  readonly centralUrl: string;
  readonly serverUrl: string;
  readonly databasePrefix: string;
  /** SQL on the server as its administrator; undefined for SQLite. */
  readonly admin?: (sql: string) => Promise<Record<string, unknown>[]>;
  /** Drops the central database and every database with the prefix, or deletes the folder. */
  cleanUp(): Promise<void>;
}

export interface TestEngine {
  readonly name: EngineName;
  prepare(): Promise<EngineSetup>;
}

/** For `describe.each(engines)('… on $name', ({ prepare }) => …)`. */
export const engines: readonly TestEngine[] = selectedEngines.map((name) => ({
  name,
  prepare: () => (name === 'sqlite' ? prepareFolder() : prepareServer(name)),
}));

async function prepareFolder(): Promise<EngineSetup> {
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-'));
  return {
    centralUrl: `sqlite:${join(folder, 'central.sqlite')}`,
    serverUrl: `sqlite:${join(folder, 'tenants')}`,
    databasePrefix: 'tenant_',
    cleanUp: () => rm(folder, { recursive: true }),
  };
}

async function prepareServer(kind: ServerKind): Promise<EngineSetup> {
  const serverUrl = sharedServerUrl(kind);
  const id = randomBytes(4).toString('hex');
  const central = `central_${id}`;
  const databasePrefix = `tenant_${id}_`;
  const admin = new AdminConnection(serverUrl);
  await admin.query(`CREATE DATABASE ${central}`);
  return {
    centralUrl: `${serverUrl}/${central}`,
    serverUrl,
    databasePrefix,
    admin: (sql) => admin.query(sql),
    cleanUp: async () => {
      // A connection that a test left in a transaction holds its tables: fail after seconds, do not hang.
      await admin.query('SET lock_wait_timeout = 10');
      await dropDatabases(admin, [central, ...(await databasesWith(databasePrefix, admin))]);
      admin.close();
    },
  };
}

async function databasesWith(prefix: string, admin: AdminConnection): Promise<string[]> {
  const rows = await admin.query<{ name: string }>(
    `SELECT schema_name AS name FROM information_schema.schemata
     WHERE LEFT(schema_name, ${prefix.length}) = '${prefix}'`,
  );
  return rows.map(({ name }) => name);
}

async function dropDatabases(admin: AdminConnection, names: readonly string[]): Promise<void> {
  for (const name of names) await admin.query(`DROP DATABASE IF EXISTS \`${name}\``);
}
