import type { QueryRunner } from 'typeorm';
import { DumpedRows, NotToBeCopiedError, type SchemaCopies } from '../schema-copies.js';

/** Of SQLite, where the database itself keeps the statements that it was made by. */
export const sqliteSchemaCopies: SchemaCopies = {
  async circumstances(queryRunner) {
    const [row] = await rowsOf<{ version: string }>(
      queryRunner,
      'SELECT sqlite_version() AS version',
    );
    return `SQLite ${row.version}`;
  },

  async dump(queryRunner) {
    const objects = await rowsOf<SchemaObject>(
      queryRunner,
      "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY rowid",
    );
    const virtual = objects.find(({ sql }) => /^CREATE\s+VIRTUAL/i.test(sql));
    if (virtual !== undefined) {
      throw new NotToBeCopiedError(`${virtual.name} is a virtual table`);
    }
    const of = (...types: string[]) =>
      objects.filter(({ type }) => types.includes(type)).map(({ sql }) => sql);
    const rows = new DumpedRows();
    for (const { type, name } of objects) {
      if (type === 'table') await addRows(rows, queryRunner, name);
    }
    const [{ user_version: version }] = await rowsOf<{ user_version: number }>(
      queryRunner,
      'PRAGMA user_version',
    );
    return [
      `PRAGMA user_version = ${version}`,
      ...of('table'),
      ...rows.statements,
      ...(await sequences(queryRunner)),
      // Afterwards: a trigger would else see the rows, and an index be kept up to date with each.
      ...of('index', 'view', 'trigger'),
    ];
  },

  async replay(queryRunner, dump) {
    await queryRunner.startTransaction();
    try {
      await queryRunner.query('PRAGMA defer_foreign_keys = ON');
      for (const statement of dump) await queryRunner.query(statement);
      await queryRunner.commitTransaction();
    } catch (error) {
      await queryRunner.rollbackTransaction();
      throw error;
    }
  },
};

interface SchemaObject {
  readonly type: 'table' | 'index' | 'view' | 'trigger';
  readonly name: string;
  readonly sql: string;
}

async function addRows(rows: DumpedRows, queryRunner: QueryRunner, table: string): Promise<void> {
  const columns = await rowsOf<{ name: string; hidden: number }>(
    queryRunner,
    `PRAGMA table_xinfo(${quoted(table)})`,
  );
  // 2 and 3: generated columns.
  const names = columns.filter(({ hidden }) => hidden < 2).map(({ name }) => quoted(name));
  const values = names.map((name) => `quote(${name})`).join(" || ', ' || ");
  const found = await rowsOf<{ row: string }>(
    queryRunner,
    `SELECT ${values} AS row FROM ${quoted(table)} LIMIT ${rows.limit}`,
  );
  const head = `INSERT INTO ${quoted(table)} (${names.join(', ')}) VALUES `;
  rows.add(
    head,
    found.map(({ row }) => row),
  );
}

/** What `AUTOINCREMENT` columns go on from, which is not always the highest that is there. */
async function sequences(queryRunner: QueryRunner): Promise<string[]> {
  const [table] = await rowsOf(
    queryRunner,
    "SELECT name FROM sqlite_master WHERE name = 'sqlite_sequence'",
  );
  if (table === undefined) return [];
  const rows = new DumpedRows();
  const found = await rowsOf<{ row: string }>(
    queryRunner,
    "SELECT quote(name) || ', ' || seq AS row FROM sqlite_sequence",
  );
  rows.add(
    'INSERT INTO sqlite_sequence (name, seq) VALUES ',
    found.map(({ row }) => row),
  );
  return ['DELETE FROM sqlite_sequence', ...rows.statements];
}

async function rowsOf<Row>(queryRunner: QueryRunner, sql: string): Promise<readonly Row[]> {
  return (await queryRunner.query(sql)) as Row[];
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
