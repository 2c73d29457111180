import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copyInitialData } from './initial-data';
import { asUser, pathInside, type Installation } from './installation';
import { Reaper } from './reaper';
import type { ServerInstance } from './running-server';

/** A server as a child process, in a folder that it shares with nobody. */
export class DatabaseProcess implements ServerInstance {
  readonly socketPath: string;
  readonly #reaper: Reaper;
  #process?: ChildProcess;

  static async inNewFolder(
    installation: Installation,
    port: number,
    password: string,
    settings: readonly string[],
  ): Promise<DatabaseProcess> {
    const folder = await mkdtemp(join(installation.temporaryFolder, 'nestjs-tenancy-'));
    return new DatabaseProcess(installation, folder, port, password, settings);
  }

  private constructor(
    private readonly installation: Installation,
    private readonly folder: string,
    readonly port: number,
    private readonly password: string,
    private readonly settings: readonly string[],
  ) {
    this.socketPath = join(folder, 'server.sock');
    this.#reaper = Reaper.ofFolder(folder);
  }

  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('The server is not running.');
    return pid;
  }

  async start(): Promise<void> {
    if (!existsSync(join(this.folder, 'data'))) await this.#prepare();
    const [command, ...beginning] = this.installation.server;
    const log = openSync(join(this.folder, 'server.log'), 'a');
    const child = spawn(command, [...beginning, ...this.#arguments()], {
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    child.once('exit', () => {
      this.#process = undefined;
      this.#reaper.watch(undefined);
    });
    this.#reaper.watch(child.pid);
    await once(child, 'spawn');
    this.#process = child;
  }

  async kill(): Promise<void> {
    if (this.#process === undefined) return;
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exit;
  }

  async remove(): Promise<void> {
    await this.kill();
    await this.#reaper.finish();
  }

  async lastWords(): Promise<string | undefined> {
    if (this.#process !== undefined) return undefined;
    const log = await readFile(join(this.folder, 'server.log'), 'utf8');
    return log.slice(-2000);
  }

  async #prepare(): Promise<void> {
    await copyInitialData(this.installation, join(this.folder, 'data'));
    const account = accountStatements(this.password);
    await writeFile(join(this.folder, 'account.sql'), account, { mode: 0o600 });
  }

  #arguments(): string[] {
    const inside = (name: string) => pathInside(this.installation, join(this.folder, name));
    return [
      '--no-defaults',
      ...asUser(),
      `--datadir=${inside('data')}`,
      `--tmpdir=${inside('data')}`,
      `--socket=${inside('server.sock')}`,
      `--pid-file=${inside('server.pid')}`,
      `--init-file=${inside('account.sql')}`,
      '--bind-address=127.0.0.1',
      `--port=${this.port}`,
      ...this.settings,
    ];
  }
}

/** Run by the server each time before it takes connections: the password is new each time and on no command line. */
function accountStatements(password: string): string {
  return [
    `CREATE USER IF NOT EXISTS 'root'@'127.0.0.1';`,
    `ALTER USER 'root'@'127.0.0.1' IDENTIFIED BY '${password}';`,
    `GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;`,
    '',
  ].join('\n');
}
