import { accessSync, constants } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import {
  CACHE,
  INITIALISE_MARIADB,
  INITIALISE_MYSQL,
  type CommandLine,
  type Installation,
} from './installation';
import { runTool } from './run-tool';

export async function installedMariadb(): Promise<Installation | undefined> {
  const server = findProgram('mariadbd');
  const installer = findProgram('mariadb-install-db');
  // A tool that the installer calls; Debian has it in the client's package.
  const reader = findProgram('my_print_defaults');
  if (server === undefined || installer === undefined || reader === undefined) return undefined;
  return onThisSystem(server, [installer, ...INITIALISE_MARIADB], await versionOf(server));
}

export async function installedMysql(): Promise<Installation | undefined> {
  const server = findProgram('mysqld');
  if (server === undefined) return undefined;
  const version = await versionOf(server);
  // MariaDB installs itself under this name, too.
  if (version.includes('MariaDB')) return undefined;
  return onThisSystem(server, [server, ...INITIALISE_MYSQL], version);
}

export function installedRedis(): string | undefined {
  return findProgram('redis-server');
}

export function installedNats(): string | undefined {
  return findProgram('nats-server');
}

function onThisSystem(server: string, initialise: CommandLine, version: string): Installation {
  return {
    server: [server],
    initialise,
    root: '/',
    initialData: join(CACHE, `data-${version}`),
    temporaryFolder: tmpdir(),
  };
}

/** From `mariadbd  Ver 10.11.19-MariaDB for debian-linux-gnu on x86_64 (Debian 12)`: all of it, fit for a file name. */
async function versionOf(server: string): Promise<string> {
  const { stdout } = await runTool(server, ['--no-defaults', '--version']);
  return stdout
    .slice(stdout.indexOf('Ver ') + 'Ver '.length)
    .replace(/[^\w.-]+/g, ' ')
    .trim()
    .replaceAll(' ', '-');
}

/** Debian leaves the `sbin` folders, where the servers are, out of an ordinary user's PATH. */
function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
