import type { RunningServer } from '../../test/support/servers/index.js';

/** Name and version: `MariaDB 10.11.19`. */
export async function serverVersion(server: RunningServer): Promise<string> {
  const [{ version }] = await server.query<{ version: string }>('SELECT VERSION() AS version');
  return version.includes('MariaDB') ? `MariaDB ${version.split('-')[0]}` : `MySQL ${version}`;
}

/** Connections that the server has open, without the one that asks. */
export async function openConnections(server: RunningServer): Promise<number> {
  return (await statusVariable(server, 'Threads_connected')) - 1;
}

/** Lets {@link mostConnections} count from now on. */
export async function resetMostConnections(server: RunningServer): Promise<void> {
  await server.query('FLUSH STATUS');
}

/** The most connections that the server had open at once, by its own count, without the one that asks. */
export async function mostConnections(server: RunningServer): Promise<number> {
  return (await statusVariable(server, 'Max_used_connections')) - 1;
}

async function statusVariable(server: RunningServer, name: string): Promise<number> {
  const [{ Value }] = await server.query<{ Value: string }>(`SHOW GLOBAL STATUS LIKE '${name}'`);
  return Number(Value);
}
