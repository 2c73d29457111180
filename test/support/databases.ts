import BetterSqlite3 from 'better-sqlite3';
import { readdir } from 'node:fs/promises';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { EngineSetup } from './engines.js';

type Row = Record<string, unknown>;

/** The tenants' databases, looked at past this package. */
export interface Databases {
  /** Those with the prefix of the setup, sorted. */
  names(): Promise<string[]>;
  create(name: string): Promise<void>;
  query(name: string, sql: string): Promise<Row[]>;
  /** Its tables, sorted. */
  tables(name: string): Promise<string[]>;
}

export function databasesOf(setup: EngineSetup): Databases {
  return setup.admin === undefined
    ? new SqliteDatabases(setup.serverUrl.replace(/^sqlite:/, ''), setup.databasePrefix)
    : new ServerDatabases(setup.serverUrl, setup.databasePrefix, setup.admin);
}

class ServerDatabases implements Databases {
  constructor(
    private readonly serverUrl: string,
    private readonly prefix: string,
    private readonly admin: (sql: string) => Promise<Row[]>,
  ) {}

  async names(): Promise<string[]> {
    const rows = await this.admin(
      `SELECT schema_name AS name FROM information_schema.schemata
       WHERE LEFT(LOWER(schema_name), ${this.prefix.length}) = '${this.prefix}' ORDER BY name`,
    );
    return rows.map(({ name }) => String(name));
  }

  async create(name: string): Promise<void> {
    await this.admin(`CREATE DATABASE \`${name}\``);
  }

  async query(name: string, sql: string): Promise<Row[]> {
    const connection = await createConnection({ uri: `${this.serverUrl}/${name}` });
    try {
      const [rows] = await connection.query<RowDataPacket[]>(sql);
      return Array.isArray(rows) ? rows : [];
    } finally {
      connection.destroy();
    }
  }

  async tables(name: string): Promise<string[]> {
    const rows = await this.admin(
      `SELECT table_name AS name FROM information_schema.tables
       WHERE table_schema = '${name}' ORDER BY name`,
    );
    return rows.map(({ name: table }) => String(table));
  }
}

class SqliteDatabases implements Databases {
  constructor(
    private readonly folder: string,
    private readonly prefix: string,
  ) {}

  async names(): Promise<string[]> {
    mkdirSync(this.folder, { recursive: true });
    const files = await readdir(this.folder);
    return files
      .filter((file) => file.toLowerCase().startsWith(this.prefix) && file.endsWith('.sqlite'))
      .map((file) => file.slice(0, -'.sqlite'.length))
      .toSorted();
  }

  async create(name: string): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    // An empty write makes the file.
    await this.query(name, 'PRAGMA user_version = 1');
  }

  async query(name: string, sql: string): Promise<Row[]> {
    const database = new BetterSqlite3(join(this.folder, `${name}.sqlite`));
    try {
      const statement = database.prepare<[], Row>(sql);
      if (statement.reader) return statement.all();
      statement.run();
      return [];
    } finally {
      database.close();
    }
  }

  async tables(name: string): Promise<string[]> {
    const rows = await this.query(
      name,
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name",
    );
    return rows.map(({ name: table }) => String(table));
  }
}
