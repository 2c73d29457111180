import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';

/** One connection to a server as its administrator, opened by the first query and again after the server was away. */
export class AdminConnection {
  #connection?: Promise<Connection>;

  constructor(private readonly url: string) {}

  async query<T = Record<string, unknown>>(sql: string): Promise<T[]> {
    this.#connection ??= this.#open();
    const [rows] = await (await this.#connection).query<RowDataPacket[]>(sql);
    return Array.isArray(rows) ? (rows as T[]) : [];
  }

  /** At once, without a word to the server, which may be stopped or dead. */
  close(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.then(
      (open) => open.destroy(),
      () => {
        // It never opened; the query that wanted it has the error.
      },
    );
  }

  async #open(): Promise<Connection> {
    try {
      const connection = await createConnection({ uri: this.url });
      // mysql2 reports a lost connection this way when no query is there to take the error; the next query opens anew.
      connection.on('error', () => {
        this.#connection = undefined;
      });
      return connection;
    } catch (error) {
      this.#connection = undefined;
      throw error;
    }
  }
}
