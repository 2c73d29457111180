import type { Connection } from 'mysql2';
import { DatabaseMissingError } from '../../errors.js';
import type { PooledConnection } from '../../pooled-connection.js';
import { MysqlLease } from './mysql-lease.js';
import {
  forgetStatements,
  initDatabase,
  pipeline,
  resetConnection,
  statement,
  type Answer,
  type SimpleCommand,
} from './pipeline.js';

interface SessionDefaults {
  readonly charset: string;
  readonly collation: string;
  readonly sqlMode: string;
}

/** One connection of mysql2, and how to make its session as good as new. */
export class MysqlConnection implements PooledConnection<MysqlLease> {
  soiled = false;
  broken = false;
  onBroken?: () => void;

  private constructor(
    private readonly raw: Connection,
    private readonly server: string,
    public database: string,
    private readonly restore: SimpleCommand,
  ) {
    raw.on('error', () => this.breakDown());
    raw.on('end', () => this.breakDown());
  }

  /** Takes over a connection that was just opened at `database` of the server of that name. */
  static async from(raw: Connection, server: string, database: string): Promise<MysqlConnection> {
    const restore = statement(raw, restoreStatement(raw, await readDefaults(raw)));
    return new MysqlConnection(raw, server, database, restore);
  }

  lend(giveBack: () => void): MysqlLease {
    return new MysqlLease(this.raw, ({ soiled, unusable }) => {
      this.soiled ||= soiled;
      this.broken ||= unusable;
      giveBack();
    });
  }

  /**
   * `COM_RESET_CONNECTION` drops locks, temporary tables, variables and the open transaction, and keeps the database.
   * It also forgets what the handshake had set (MySQL the collation, MariaDB a part of `sql_mode`), which the last
   * statement restores. All in one round trip.
   */
  async turn(database: string): Promise<void> {
    this.database = '';
    const change = database === '' ? [] : [initDatabase(database)];
    forgetStatements(this.raw);
    try {
      const [, arrival] = await pipeline(this.raw, [resetConnection(), ...change, this.restore]);
      if (database !== '') verifyArrival(arrival, database);
    } catch (error) {
      this.broken ||= !isAnswer(error);
      throw isUnknownDatabase(error) ? new DatabaseMissingError(this.server, database) : error;
    }
    this.database = database;
    this.soiled = false;
  }

  async close(): Promise<void> {
    this.broken = true;
    this.onBroken = undefined;
    this.raw.destroy();
  }

  private breakDown(): void {
    if (this.broken) return;
    this.broken = true;
    this.onBroken?.();
  }
}

function readDefaults(raw: Connection): Promise<SessionDefaults> {
  return new Promise((resolve, reject) => {
    raw.query(
      {
        sql: 'SELECT @@character_set_client, @@collation_connection, @@sql_mode',
        rowsAsArray: true,
      },
      (error, rows) => {
        if (error) return reject(error);
        const [[charset, collation, sqlMode]] = rows as [[string, string, string]];
        resolve({ charset, collation, sqlMode });
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

/** The server refused; the link is as good as before. */
function isAnswer(error: unknown): boolean {
  return error instanceof Error && 'sqlState' in error && !('fatal' in error && error.fatal);
}

export function isUnknownDatabase(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && error.errno === 1049;
}
