import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { AdminConnection } from './admin-connection';
import { DatabaseProcess } from './database-process';
import { DockerContainer } from './docker-container';
import { findFreePort } from './free-port';
import { findInstallation } from './find-installation';
import type { RunningServer, ServerInstance, ServerKind, ServerOptions } from './running-server';
import { serverSettings } from './server-settings';

const START_TIMEOUT = 60_000;
const RETRY_AFTER = 20;

/**
 * Starts a MariaDB or MySQL server for tests, benches and demos, and installs it first where the machine has none.
 * Takes 0.2 s (MariaDB) or 0.6 s (MySQL) once installed.
 */
export async function startServer(
  kind: ServerKind,
  options: ServerOptions = {},
): Promise<RunningServer> {
  const installation = await findInstallation(kind);
  const port = await findFreePort();
  const password = randomBytes(12).toString('hex');
  const settings = serverSettings(kind, options);
  const instance =
    installation === 'docker'
      ? new DockerContainer(kind, port, password, settings)
      : await DatabaseProcess.prepare(installation, port, password, settings);
  const server = new ManagedServer(kind, instance, password);
  try {
    await server.restart();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

class ManagedServer implements RunningServer {
  readonly url: string;
  readonly #admin: AdminConnection;

  constructor(
    readonly kind: ServerKind,
    private readonly instance: ServerInstance,
    password: string,
  ) {
    this.url = `${kind}://root:${password}@127.0.0.1:${instance.port}`;
    this.#admin = new AdminConnection(this.url);
  }

  get pid(): number {
    return this.instance.pid;
  }

  get socketPath(): string | undefined {
    return this.instance.socketPath;
  }

  query<T = Record<string, unknown>>(sql: string): Promise<T[]> {
    return this.#admin.query<T>(sql);
  }

  async kill(): Promise<void> {
    this.#admin.close();
    await this.instance.kill();
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.instance.start();
    await this.#answers();
  }

  async stop(): Promise<void> {
    this.#admin.close();
    await this.instance.remove();
  }

  async #answers(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT;
    for (;;) {
      try {
        await this.#admin.query('SELECT 1');
        return;
      } catch (error) {
        const lastWords = await this.instance.lastWords();
        if (lastWords !== undefined) {
          throw new Error(`The ${this.kind} server ended while it started:\n${lastWords}`);
        }
        if (Date.now() > deadline) {
          throw new Error(`The ${this.kind} server did not answer in ${START_TIMEOUT / 1000} s.`, {
            cause: error,
          });
        }
      }
      await delay(RETRY_AFTER);
    }
  }
}
