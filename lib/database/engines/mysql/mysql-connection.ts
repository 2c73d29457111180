import type { Connection } from 'mysql2';
import type { Socket } from 'node:net';
import type { Account } from '../../../options/account.js';
import { AccountRefusedError, DatabaseMissingError } from '../../errors.js';
import type { PooledConnection, SessionTarget } from '../../pool/pooled-connection.js';
import { isAccessDenied, isAnswer, isUnknownDatabase } from './error-kinds.js';
import { MysqlLease } from './mysql-lease.js';
import {
  changeUser,
  forgetStatements,
  initDatabase,
  pipeline,
  resetConnection,
  socketOf,
  statement,
  type Answer,
  type SimpleCommand,
} from './pipeline.js';

interface SessionDefaults {
  readonly charset: string;
  readonly collation: string;
  readonly sqlMode: string;
  /** Seconds after which the server closes an idle connection. */
  readonly waitTimeout: number;
}

/** What a connection is opened with. */
export interface MysqlConnectionOptions {
  /** The server's name, for errors. */
  readonly server: string;
  /** Who is logged in where a target names nobody. */
  readonly account: Account;
  /** Milliseconds that a turn may take. */
  readonly timeout: number;
}

/** Milliseconds that a server has to say goodbye. */
const GOODBYE = 1_000;

/** One connection of mysql2, and how to make its session as good as new. */
export class MysqlConnection implements PooledConnection<MysqlLease> {
  soiled = false;
  broken = false;
  demoted = false;
  onBroken?: () => void;

  private constructor(
    private readonly raw: Connection,
    private readonly options: MysqlConnectionOptions,
    private user: string,
    private readonly restore: SimpleCommand,
    readonly idleLimit: number,
  ) {
    raw.on('error', () => this.breakDown());
    raw.on('end', () => this.breakDown());
  }

  /** Takes over a connection that was just opened as `user`. */
  static async from(
    raw: Connection,
    options: MysqlConnectionOptions,
    user: string,
  ): Promise<MysqlConnection> {
    const defaults = await readDefaults(raw);
    const restore = statement(raw, restoreStatement(raw, defaults));
    // Half of what the server allows: by then it is turned, or closed by us and not in the middle of a query.
    return new MysqlConnection(raw, options, user, restore, defaults.waitTimeout * 500);
  }

  get bytesRead(): number {
    return socketOf(this.raw).bytesRead;
  }

  lend(giveBack: () => void): MysqlLease {
    return new MysqlLease(this.raw, ({ soiled, unusable, demoted }) => {
      this.soiled ||= soiled;
      this.broken ||= unusable;
      this.demoted ||= demoted;
      giveBack();
    });
  }

  /**
   * `COM_RESET_CONNECTION` drops locks, temporary tables, variables and the open transaction, and keeps the database.
   * It also forgets what the handshake had set (MySQL the collation, MariaDB a part of `sql_mode`), which the last
   * statement restores. All in one round trip. Another account takes a login instead.
   */
  async turn({ database, account = this.options.account }: SessionTarget): Promise<void> {
    const { server, timeout } = this.options;
    const late = setTimeout(() => {
      this.cut(new Error(`Server "${server}" did not answer within ${timeout} ms`));
    }, timeout);
    try {
      if (account.user === this.user) await this.reset(database);
      else await this.login(account, database);
    } catch (error) {
      this.broken ||= !isAnswer(error);
      if (isUnknownDatabase(error)) throw new DatabaseMissingError(server, database);
      if (isAccessDenied(error)) throw new AccountRefusedError(server, account.user, error);
      throw error;
    } finally {
      clearTimeout(late);
    }
    this.soiled = false;
  }

  cut(reason: Error): void {
    socketOf(this.raw).destroy(reason);
  }

  async close(): Promise<void> {
    this.onBroken = undefined;
    const socket = socketOf(this.raw);
    if (!this.broken && !socket.destroyed) {
      this.raw.end();
      await closed(socket);
    }
    this.broken = true;
    // What still runs on it is told; mysql2's own `destroy` leaves its caller waiting until the server is done.
    this.cut(new Error('The connection was closed while a query ran on it'));
    this.raw.destroy();
  }

  private async reset(database: string): Promise<void> {
    const change = database === '' ? [] : [initDatabase(database)];
    forgetStatements(this.raw);
    const [, arrival] = await pipeline(this.raw, [resetConnection(), ...change, this.restore]);
    if (database !== '') verifyArrival(arrival, database);
  }

  private async login(account: Account, database: string): Promise<void> {
    // A refused login ends the connection.
    this.user = '';
    try {
      await changeUser(this.raw, account, database);
    } catch (error) {
      this.broken = true;
      throw error;
    }
    await pipeline(this.raw, [this.restore]);
    this.user = account.user;
  }

  private breakDown(): void {
    if (this.broken) return;
    this.broken = true;
    this.onBroken?.();
  }
}

/** Ends when the server has closed the link, too; one that does not do so within {@link GOODBYE} is left. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(resolve, GOODBYE);
    // Also after an error, which mysql2 listens to.
    socket.once('close', () => {
      clearTimeout(late);
      resolve();
    });
  });
}

function readDefaults(raw: Connection): Promise<SessionDefaults> {
  return new Promise((resolve, reject) => {
    raw.query(
      {
        sql: 'SELECT @@character_set_client, @@collation_connection, @@sql_mode, @@wait_timeout',
        rowsAsArray: true,
      },
      (error, rows) => {
        if (error) return reject(error);
        const [[charset, collation, sqlMode, waitTimeout]] = rows as [
          [string, string, string, number | string],
        ];
        // As TypeORM wants them, big numbers are strings; MySQL's variables are big.
        resolve({ charset, collation, sqlMode, waitTimeout: Number(waitTimeout) });
      },
    );
  });
}

function restoreStatement(raw: Connection, { charset, collation, sqlMode }: SessionDefaults) {
  return `SET NAMES ${raw.escape(charset)} COLLATE ${raw.escape(collation)}, sql_mode = ${raw.escape(sqlMode)}`;
}

/** Bit of an OK packet's status: it goes on with what changed in the session. */
const SESSION_STATE_CHANGED = 0x4000;

/**
 * While `session_track_schema` is on, as it is by default on both servers, the answer names the database that the session
 * is in now. Anything but the wanted one would be another tenant's; letter case may be folded by the server.
 */
function verifyArrival(answer: Answer | undefined, database: string): void {
  // 0x00, no rows, no id, then the status.
  const status = answer?.readUInt16LE(3) ?? 0;
  if ((status & SESSION_STATE_CHANGED) === 0) return;
  if (answer?.toString().toLowerCase().includes(database.toLowerCase())) return;
  throw new Error(`The server was asked for database "${database}" and went to another`);
}
