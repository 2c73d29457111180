import { randomBytes } from 'node:crypto';
import { Reaper } from './reaper';
import { runTool } from './run-tool';
import type { ServerInstance, ServerKind } from './running-server';

const IMAGE = { mariadb: 'mariadb:10.11', mysql: 'mysql:9' } as const;

export async function dockerAnswers(): Promise<boolean> {
  try {
    await runTool('docker', ['info']);
    return true;
  } catch {
    return false;
  }
}

/** A server in a container. Its process id is the one that Docker tells: of use to tests on Linux only. */
export class DockerContainer implements ServerInstance {
  readonly #name = `nestjs-tenancy-${randomBytes(4).toString('hex')}`;
  readonly #reaper = Reaper.ofContainer(this.#name);
  #created = false;
  #pid?: number;

  constructor(
    private readonly kind: ServerKind,
    readonly port: number,
    private readonly password: string,
    private readonly settings: readonly string[],
  ) {}

  get pid(): number {
    if (this.#pid === undefined) throw new Error('The server is not running.');
    return this.#pid;
  }

  async start(): Promise<void> {
    await (this.#created ? runTool('docker', ['start', this.#name]) : this.#create());
    this.#created = true;
    this.#pid = Number(await this.#inspect('{{.State.Pid}}'));
  }

  async kill(): Promise<void> {
    if (this.#pid === undefined) return;
    this.#pid = undefined;
    await runTool('docker', ['kill', this.#name]);
  }

  remove(): Promise<void> {
    return this.#reaper.finish();
  }

  async lastWords(): Promise<string | undefined> {
    if ((await this.#inspect('{{.State.Running}}')) === 'true') return undefined;
    const { stdout, stderr } = await runTool('docker', ['logs', '--tail', '20', this.#name]);
    return stdout + stderr;
  }

  /** The password goes by the environment: a variable named without a value is handed on by `docker`. */
  async #create(): Promise<void> {
    const variable = `${this.kind.toUpperCase()}_ROOT_PASSWORD`;
    const publish = `127.0.0.1:${this.port}:3306`;
    const options = ['--name', this.#name, '--env', variable, '--publish', publish];
    await runTool('docker', ['run', '--detach', ...options, IMAGE[this.kind], ...this.settings], {
      [variable]: this.password,
    });
  }

  async #inspect(format: string): Promise<string> {
    const { stdout } = await runTool('docker', ['inspect', '--format', format, this.#name]);
    return stdout.trim();
  }
}
