import type { MysqlAddress } from '../../../options/database-url.js';
import type { ResolvedServer } from '../../../options/resolve.js';
import type { ConnectionLimits } from '../engine.js';
import type {
  DatabaseFacts,
  InspectedAccount,
  MissingRights,
  ServerFacts,
  ServerInspection,
} from '../inspection.js';
import { MysqlAdministration } from './mysql-administration.js';
import type { MysqlConnection } from './mysql-connection.js';
import { MysqlEngine } from './mysql-engine.js';
import type { MysqlLease } from './mysql-lease.js';
import { probeDatabase, probeProvisioning, probeServing } from './mysql-privileges.js';
import { query, type Row } from './query.js';
import { quoteName } from './quote-name.js';

/** The names of accounts that this package makes: see `TenantAccounts`. */
const TENANT_ACCOUNT = '^tenancy_[0-9a-f]{24}$';

/** Looks at a MySQL or MariaDB server. */
export class MysqlInspection implements ServerInspection {
  private readonly lease: MysqlLease;
  private readonly administration: MysqlAdministration;

  private constructor(
    server: string,
    private readonly connection: MysqlConnection,
  ) {
    // Nobody waits for the connection: it is closed when this is.
    const lend = () => connection.lend(() => {});
    this.lease = lend();
    this.administration = new MysqlAdministration(server, lend);
  }

  static async open(server: ResolvedServer, address: MysqlAddress): Promise<MysqlInspection> {
    const connection = await new MysqlEngine(server, address).open({ database: '' });
    return new MysqlInspection(server.name, connection);
  }

  async facts(): Promise<ServerFacts> {
    const sent = Date.now();
    const [row] = await this.query(
      'SELECT VERSION() AS version, UNIX_TIMESTAMP(NOW(3)) * 1000 AS now',
    );
    const here = (sent + Date.now()) / 2;
    const version = String(row?.version);
    return {
      product: /mariadb/i.test(version) ? 'mariadb' : 'mysql',
      // MariaDB puts 5.5.5- before its own for old clients.
      version: /\d+\.\d+\.\d+/.exec(version.replace(/^5\.5\.5-/, ''))?.[0] ?? version,
      clockSkew: Math.round(Number(row?.now) - here),
    };
  }

  async connectionLimits(): Promise<ConnectionLimits> {
    return this.administration.connectionLimits();
  }

  async databases(): Promise<DatabaseFacts[]> {
    const rows = await this.query(
      `SELECT schema_name AS name, default_character_set_name AS charset,
              default_collation_name AS collation
       FROM information_schema.schemata`,
    );
    return rows.map(({ name, charset, collation }) => ({
      name: String(name),
      charset: String(charset),
      collation: String(collation),
    }));
  }

  async tables(databases: readonly string[]): Promise<Map<string, Set<string>>> {
    const found = new Map<string, Set<string>>();
    if (databases.length === 0) return found;
    const there = new Set((await this.databases()).map(({ name }) => name));
    for (const name of databases) if (there.has(name)) found.set(name, new Set());
    const rows = await this.query(
      'SELECT table_schema AS name, table_name AS entry FROM information_schema.tables',
    );
    for (const { name, entry } of rows) found.get(String(name))?.add(String(entry));
    return found;
  }

  async rows(database: string, table: string, columns: readonly string[]): Promise<readonly Row[]> {
    const names = columns.map(quoteName).join(', ');
    return this.query(`SELECT ${names} FROM ${quoteName(database)}.${quoteName(table)}`);
  }

  async probeProvisioning(
    prefix: string,
    accounts: boolean,
    inside?: (database: string) => Promise<void>,
  ): Promise<MissingRights[]> {
    return probeProvisioning(this.lease, prefix, accounts, inside);
  }

  async probeDatabase(database: string): Promise<MissingRights[]> {
    return probeDatabase(this.lease, database);
  }

  async probeServing(database: string, prefix: string): Promise<MissingRights[]> {
    return probeServing(this.lease, database, prefix);
  }

  async tenantAccounts(): Promise<InspectedAccount[]> {
    const rows = await this.query(
      `SELECT User AS user, Db AS name FROM mysql.db WHERE User REGEXP '${TENANT_ACCOUNT}'`,
    );
    const accounts = new Map<string, string[]>();
    for (const { user, name } of rows) {
      const database = String(name).replaceAll(/\\([\\_%])/g, '$1');
      accounts.set(String(user), [...(accounts.get(String(user)) ?? []), database]);
    }
    return [...accounts].map(([user, databases]) => ({ user, databases }));
  }

  async close(): Promise<void> {
    this.lease.release();
    await this.connection.close();
  }

  private query(sql: string): Promise<readonly Row[]> {
    return query(this.lease, sql);
  }
}
