import type { Connection } from 'mysql2';
import type { PooledConnection } from '../../pooled-connection.js';
import { MysqlLease } from './mysql-lease.js';
import { quoteName } from './quote-name.js';

interface SessionDefaults {
  readonly charset: string;
  readonly collation: string;
  readonly sqlMode: string;
}

/** What both servers add to the answer of `USE` while `session_track_schema` is on, as it is by default. */
interface UseResult {
  readonly stateChanges?: { readonly schema?: string | null };
}

/** One connection of mysql2, and how to make its session as good as new. */
export class MysqlConnection implements PooledConnection<MysqlLease> {
  soiled = false;
  broken = false;
  onBroken?: () => void;

  private constructor(
    private readonly raw: Connection,
    public database: string,
    private readonly restore: string,
  ) {
    raw.on('error', () => this.breakDown());
    raw.on('end', () => this.breakDown());
  }

  /** Takes over a connection that was just opened at `database`. */
  static async from(raw: Connection, database: string): Promise<MysqlConnection> {
    const [defaults] = await run<SessionDefaults[]>(
      raw,
      'SELECT @@character_set_client AS charset, @@collation_connection AS collation, @@sql_mode AS sqlMode',
    );
    return new MysqlConnection(raw, database, restoreStatement(raw, defaults));
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
   * statement restores. Three round trips, 50 to 90 µs on loopback.
   */
  async turn(database: string): Promise<void> {
    this.database = '';
    try {
      await reset(this.raw);
      if (database !== '') await this.use(database);
      await run(this.raw, this.restore);
    } catch (error) {
      this.broken ||= !(error instanceof Error && 'fatal' in error && error.fatal === false);
      throw error;
    }
    this.database = database;
    this.soiled = false;
  }

  async close(): Promise<void> {
    this.broken = true;
    this.onBroken = undefined;
    this.raw.destroy();
  }

  private async use(database: string): Promise<void> {
    const { stateChanges } = await run<UseResult>(this.raw, `USE ${quoteName(database)}`);
    const arrived = stateChanges?.schema ?? database;
    // Anything but the wanted database would be another tenant's; letter case may be folded by the server.
    if (arrived.toLowerCase() !== database.toLowerCase()) {
      throw new Error(`The server answered USE ${quoteName(database)} with ${quoteName(arrived)}`);
    }
  }

  private breakDown(): void {
    if (this.broken) return;
    this.broken = true;
    this.onBroken?.();
  }
}

function restoreStatement(raw: Connection, defaults: SessionDefaults | undefined): string {
  if (defaults === undefined) throw new Error('The server did not tell its session variables');
  const { charset, collation, sqlMode } = defaults;
  return `SET NAMES ${raw.escape(charset)} COLLATE ${raw.escape(collation)}, sql_mode = ${raw.escape(sqlMode)}`;
}

function run<T>(raw: Connection, sql: string): Promise<T> {
  return new Promise((resolve, reject) => {
    raw.query(sql, (error, result) => (error ? reject(error) : resolve(result as T)));
  });
}

function reset(raw: Connection): Promise<void> {
  return new Promise((resolve, reject) => {
    raw.reset((error) => (error ? reject(error) : resolve()));
  });
}
