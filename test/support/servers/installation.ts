import { homedir } from 'node:os';
import { join } from 'node:path';

/** A command line: the program and its first arguments. */
export type CommandLine = readonly [string, ...string[]];

/** How one kind of server is run on this machine. */
export interface Installation {
  /** The server; its options follow. */
  readonly server: CommandLine;
  /** What fills an empty data folder; the folder's options follow. */
  readonly initialise: CommandLine;
  /** The folder that the server sees as `/`; all its files must be in there. */
  readonly root: string;
  /** The initialised data folder that each start copies. Made by the first start. */
  readonly initialData: string;
  /** Where throw-away folders go. */
  readonly temporaryFolder: string;
}

/** What takes long to get, once per machine. It outlasts `npm ci` and a new clone. */
export const CACHE = process.env['TENANCY_TEST_CACHE'] || join(homedir(), '.cache/nestjs-tenancy');

export const INITIALISE_MARIADB = [
  '--no-defaults',
  '--auth-root-authentication-method=normal',
  '--skip-test-db',
  '--innodb-log-file-size=32M',
  // Also where the machine's own name does not resolve, as in some containers.
  '--force',
] as const;

export const INITIALISE_MYSQL = [
  '--no-defaults',
  '--initialize-insecure',
  '--innodb-redo-log-capacity=32M',
] as const;

/** `path` as the server sees it. */
export function pathInside(installation: Installation, path: string): string {
  return installation.root === '/' ? path : path.slice(installation.root.length);
}

/** Both servers refuse to run as root unless told to. */
export function asUser(): readonly string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : [];
}
