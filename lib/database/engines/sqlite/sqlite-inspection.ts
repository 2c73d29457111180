import type BetterSqlite3 from 'better-sqlite3';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformTools } from 'typeorm/platform/PlatformTools.js';
import type { DatabaseFacts, InspectedRow, ServerInspection } from '../inspection.js';

const ENDING = '.sqlite';

/** Looks at a folder of SQLite files, without writing to them. There are no rights and no accounts. */
export class SqliteInspection implements ServerInspection {
  private readonly sqlite = PlatformTools.load('better-sqlite3') as typeof BetterSqlite3;

  constructor(private readonly folder: string) {}

  async facts(): Promise<undefined> {
    return undefined;
  }

  async connectionLimits(): Promise<undefined> {
    return undefined;
  }

  async databases(): Promise<DatabaseFacts[]> {
    if (!existsSync(this.folder)) return [];
    const files = await readdir(this.folder);
    return files
      .filter((file) => file.endsWith(ENDING) && !file.endsWith(`.lock${ENDING}`))
      .map((file) => ({ name: file.slice(0, -ENDING.length), charset: '', collation: '' }));
  }

  async tables(databases: readonly string[]): Promise<Map<string, Set<string>>> {
    const found = new Map<string, Set<string>>();
    for (const name of databases) {
      if (!existsSync(this.fileOf(name))) continue;
      const rows = this.read(name, "SELECT name FROM sqlite_master WHERE type = 'table'");
      found.set(name, new Set(rows.map((row) => String(row.name))));
    }
    return found;
  }

  async rows(
    database: string,
    table: string,
    columns: readonly string[],
  ): Promise<readonly InspectedRow[]> {
    const names = columns.map(quoted).join(', ');
    return this.read(database, `SELECT ${names} FROM ${quoted(table)}`);
  }

  async probeProvisioning(): Promise<[]> {
    return [];
  }

  async probeDatabase(): Promise<[]> {
    return [];
  }

  async probeServing(): Promise<[]> {
    return [];
  }

  async tenantAccounts(): Promise<[]> {
    return [];
  }

  async close(): Promise<void> {}

  private read(database: string, sql: string): InspectedRow[] {
    const file = new this.sqlite(this.fileOf(database), { fileMustExist: true, readonly: true });
    try {
      return file.prepare<[], Record<string, unknown>>(sql).all();
    } finally {
      file.close();
    }
  }

  private fileOf(database: string): string {
    return join(this.folder, database + ENDING);
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
