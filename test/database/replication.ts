import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { startServer, type RunningServer, type ServerKind } from '../support/servers/index.js';

/** The same in the words of each. */
const WORDS = {
  mariadb: { source: 'MASTER', replica: 'SLAVE', change: 'MASTER', status: 'MASTER', more: '' },
  mysql: {
    source: 'SOURCE',
    replica: 'REPLICA',
    change: 'REPLICATION SOURCE',
    status: 'BINARY LOG',
    more: ', GET_SOURCE_PUBLIC_KEY = 1',
  },
} as const;

const ACCOUNT = 'app:of-the-app';

/** A server and its replicas, and an account on all of them whose writes the replicas refuse. */
export class ReplicatedServer {
  private constructor(
    readonly server: RunningServer,
    readonly replicas: readonly RunningServer[],
  ) {}

  static async start(kind: ServerKind, replicas: number): Promise<ReplicatedServer> {
    const [server, ...others] = await Promise.all([
      startServer(kind, { settings: ['--log-bin=changes', '--server-id=1'] }),
      ...Array.from({ length: replicas }, (_, index) =>
        startServer(kind, { settings: [`--server-id=${index + 2}`, '--read-only=1'] }),
      ),
    ]);
    const replicated = new ReplicatedServer(server, others);
    await Promise.all(others.map((replica) => replicated.#attach(replica)));
    const [user, password] = ACCOUNT.split(':');
    await server.query(`CREATE USER ${user}@'%' IDENTIFIED BY '${password}'`);
    // Not those to write on a server that is read-only.
    await server.query(
      `GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES ON *.* TO ${user}@'%'`,
    );
    await replicated.caughtUp();
    return replicated;
  }

  /** Of the account that an app would have. */
  urlOf({ url }: RunningServer): string {
    return url.replace(/\/\/.*@/, `//${ACCOUNT}@`);
  }

  /** Ends when the replicas have all that the server has now. */
  async caughtUp(): Promise<void> {
    const { source } = this.#words;
    const { file, position } = await this.#position();
    for (const replica of this.replicas) {
      const [row] = await replica.query<{ events: number | null }>(
        `SELECT ${source}_POS_WAIT('${file}', ${position}, 10) AS events`,
      );
      if (row === undefined || row.events === null || row.events < 0) {
        throw new Error(`The changes did not come to the replica: ${JSON.stringify(row)}`);
      }
    }
  }

  /** The changes do not come any more. */
  async hold(replica: RunningServer): Promise<void> {
    await replica.query(`STOP ${this.#words.replica}`);
  }

  /** They do again. */
  async follow(replica: RunningServer): Promise<void> {
    await replica.query(`START ${this.#words.replica}`);
  }

  async stop(): Promise<void> {
    await Promise.all([this.server, ...this.replicas].map((one) => one.stop()));
  }

  get #words() {
    return WORDS[this.server.kind];
  }

  async #position(): Promise<{ file: string; position: string }> {
    const [row] = await this.server.query(`SHOW ${this.#words.status} STATUS`);
    return { file: String(row?.['File']), position: String(row?.['Position']) };
  }

  async #attach(replica: RunningServer): Promise<void> {
    if (replica.kind === 'mysql') await renewUuid(replica);
    const { change, source, more } = this.#words;
    const { hostname, port, password } = new URL(this.server.url);
    const { file, position } = await this.#position();
    await replica.query(
      `CHANGE ${change} TO ${source}_HOST = '${hostname}', ${source}_PORT = ${port}, ${source}_USER = 'root',
       ${source}_PASSWORD = '${password}', ${source}_LOG_FILE = '${file}', ${source}_LOG_POS = ${position}${more}`,
    );
    await this.follow(replica);
  }
}

/** Servers whose data began as one copied folder have one identity, and would not take each other's changes. */
async function renewUuid(replica: RunningServer): Promise<void> {
  if (replica.socketPath === undefined) return;
  await replica.kill();
  await rm(join(dirname(replica.socketPath), 'data', 'auto.cnf'));
  await replica.restart();
}
