import type { Connection } from 'mysql2';
import { PlatformTools } from 'typeorm/platform/PlatformTools.js';
import type { MysqlAddress } from '../../../options/database-url.js';
import type { ResolvedServer } from '../../../options/resolve.js';
import { DatabaseMissingError, ServerUnreachableError } from '../../errors.js';
import type { LeaseConnection, ServerAdministration, ServerEngine } from '../engine.js';
import { MysqlAdministration } from './mysql-administration.js';
import { isUnknownDatabase, MysqlConnection } from './mysql-connection.js';

/** A MySQL or MariaDB server. */
export class MysqlEngine implements ServerEngine {
  /** Loaded the way TypeORM loads it, so that both have the same copy, and only when a server needs it. */
  private readonly mysql2 = PlatformTools.load('mysql2') as typeof import('mysql2');

  constructor(
    private readonly server: ResolvedServer,
    private readonly address: MysqlAddress,
  ) {}

  async open(database: string): Promise<MysqlConnection> {
    const { host, port, user, password } = this.address;
    const raw = this.mysql2.createConnection({
      ...DEFAULTS,
      ...this.server.connection,
      host,
      port,
      user,
      password,
      ...(database !== '' && { database }),
    });
    try {
      await connected(raw);
      return await MysqlConnection.from(raw, this.server.name, database);
    } catch (error) {
      raw.destroy();
      const { name } = this.server;
      if (isUnknownDatabase(error)) throw new DatabaseMissingError(name, database);
      throw new ServerUnreachableError(name, `${host}:${port}`, error);
    }
  }

  administer(lease: LeaseConnection): ServerAdministration {
    return new MysqlAdministration(this.server.name, lease);
  }
}

/**
 * What TypeORM sets for mysql2 (big numbers as exact strings, no objects in place of values), and mysql2's prepared
 * statements kept few: the default of 16,000 costs half a megabyte per connection, and TypeORM prepares none.
 */
const DEFAULTS = {
  supportBigNumbers: true,
  bigNumberStrings: true,
  stringifyObjects: true,
  maxPreparedStatements: 100,
} as const;

function connected(raw: Connection): Promise<void> {
  return new Promise((resolve, reject) => {
    raw.once('error', reject);
    raw.connect((error) => {
      raw.removeListener('error', reject);
      if (error) reject(error);
      else resolve();
    });
  });
}
