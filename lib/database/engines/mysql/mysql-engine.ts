import type { Connection } from 'mysql2';
import { PlatformTools } from 'typeorm/platform/PlatformTools.js';
import { Account } from '../../../options/account.js';
import type { MysqlAddress } from '../../../options/database-url.js';
import type { ResolvedServer } from '../../../options/resolve.js';
import {
  AccountRefusedError,
  DatabaseMissingError,
  ServerFullError,
  ServerUnreachableError,
} from '../../errors.js';
import type { SessionTarget } from '../../pool/pooled-connection.js';
import type { LeaseConnection, ServerAdministration, ServerEngine } from '../engine.js';
import {
  isAccessDenied,
  isNoRightToDatabase,
  isServerFull,
  isUnknownDatabase,
} from './error-kinds.js';
import { MysqlAdministration } from './mysql-administration.js';
import { MysqlConnection } from './mysql-connection.js';
import { mysqlSchemaChanges } from './mysql-schema-changes.js';

/** A MySQL or MariaDB server. */
export class MysqlEngine implements ServerEngine {
  readonly schemaChanges = mysqlSchemaChanges;
  /** Loaded the way TypeORM loads it, so that both have the same copy, and only when a server needs it. */
  private readonly mysql2 = PlatformTools.load('mysql2') as typeof import('mysql2');
  /** The one that the URL names. */
  private readonly account: Account;

  constructor(
    private readonly server: ResolvedServer,
    private readonly address: MysqlAddress,
  ) {
    this.account = new Account(address.user, address.password);
  }

  async open({ database, account = this.account }: SessionTarget): Promise<MysqlConnection> {
    const { name, connection, connectTimeout } = this.server;
    const { host, port } = this.address;
    const { user, password } = account;
    const raw = this.mysql2.createConnection({
      ...DEFAULTS,
      connectTimeout,
      ...connection,
      host,
      port,
      user,
      password,
      ...(database !== '' && { database }),
    });
    try {
      await connected(raw);
      const options = { server: name, account: this.account, timeout: connectTimeout };
      return await MysqlConnection.from(raw, options, user);
    } catch (error) {
      raw.destroy();
      if (isUnknownDatabase(error)) throw new DatabaseMissingError(name, database);
      if (isServerFull(error)) throw new ServerFullError(name, error);
      // Of the URL's account a wrong password is the server's trouble; no right to one database is that tenant's.
      if (isNoRightToDatabase(error) || (isAccessDenied(error) && account !== this.account)) {
        throw new AccountRefusedError(name, user, error);
      }
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
