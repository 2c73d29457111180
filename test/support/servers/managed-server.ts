import { setTimeout as delay } from 'node:timers/promises';
import { AdminConnection } from './admin-connection';
import type { RunningServer, ServerInstance, ServerKind } from './running-server';

const START_TIMEOUT = 60_000;
const RETRY_AFTER = 20;

/** An instance together with the account and the connection that administer it. */
export class ManagedServer implements RunningServer {
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
    await this.#untilItAnswers();
  }

  async stop(): Promise<void> {
    this.#admin.close();
    await this.instance.remove();
  }

  async #untilItAnswers(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT;
    for (;;) {
      try {
        await this.#admin.query('SELECT 1');
        return;
      } catch (error) {
        const lastWords = await this.instance.lastWords();
        if (lastWords !== undefined) {
          throw new Error(`The ${this.kind} server ended while it started:\n${lastWords}`, {
            cause: error,
          });
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
