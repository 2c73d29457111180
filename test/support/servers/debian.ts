import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CACHE, INITIALISE_MYSQL, type Installation } from './installation';
import { installedMariadb } from './installed-programs';
import { runTool } from './run-tool';

export function isDebianRoot(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version');
}

/** The programs alone: the package `mariadb-server` would add a system service. */
export async function installMariadb(): Promise<Installation> {
  await installPackages(['mariadb-server-core', 'mariadb-client-core']);
  const installed = await installedMariadb();
  if (installed === undefined) throw new Error('The packages came without the server.');
  return installed;
}

export async function installRedis(): Promise<void> {
  await installPackages(['redis-server']);
}

export async function installNats(): Promise<void> {
  await installPackages(['nats-server']);
}

export async function installJwcrypto(): Promise<void> {
  await installPackages(['python3-jwcrypto']);
}

/**
 * Debian's stable release has no MySQL server, its unstable one has: it runs from a folder with a small system of that
 * release in it, which changes nothing on this machine. 560 MB, about a minute.
 */
export async function installMysql(): Promise<Installation> {
  const root = join(CACHE, 'debian-sid-mysql');
  if (!existsSync(root)) {
    await installPackages(['debootstrap']);
    announce(`Installing MySQL in ${root}`);
    await underLock(['sh', '-c', MAKE_SYSTEM, 'sh', root]);
  }
  const server = ['chroot', root, 'mysqld'] as const;
  return {
    server,
    initialise: [...server, ...INITIALISE_MYSQL],
    root,
    initialData: join(root, 'var/lib/initial-data'),
    temporaryFolder: join(root, 'tmp'),
  };
}

/** Makes the folder $1 in one step at the end, so that an interruption leaves nothing that looks complete. */
const MAKE_SYSTEM = `
set -eu
if [ -d "$1" ]; then exit; fi
partial="$1.partial"
if [ -d "$partial" ]; then
  # What an interrupted run has left mounted must not be deleted with the rest.
  umount -q "$partial/proc" "$partial/sys" || true
  rm -rf --one-file-system "$partial"
fi
debootstrap --variant=minbase --include=mysql-server-core sid "$partial"
mv "$partial" "$1"
`;

async function installPackages(names: readonly string[]): Promise<void> {
  announce(`Installing the Debian packages ${names.join(', ')}`);
  await underLock(['apt-get', 'update']);
  await underLock(['apt-get', 'install', '--yes', '--no-install-recommends', ...names]);
}

/** One installation at a time on this machine; the lock goes with its process. */
async function underLock(command: readonly string[]): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  await runTool('flock', [join(CACHE, 'install.lock'), ...command], {
    DEBIAN_FRONTEND: 'noninteractive',
  });
}

function announce(what: string): void {
  process.stderr.write(`${what}, once on this machine …\n`);
}
