import type { QueryRunner } from 'typeorm';
import { NotToBeCopiedError, type SchemaCopies } from '../schema-copies.js';
import { MysqlLease } from './mysql-lease.js';
import { dumpRows, type DumpedColumn } from './mysql-dumped-rows.js';
import { dumpPrograms, dumpViews } from './mysql-programs.js';
import { quoteName } from './quote-name.js';
import type { Row } from './query.js';

/** So that a value is read and written as the same, whatever the server's defaults are; without `sql_mode` SHOW quotes with `. */
const SESSION =
  "SET NAMES utf8mb4, time_zone = '+00:00', sql_mode = 'NO_AUTO_VALUE_ON_ZERO', foreign_key_checks = 0";

/** Of MySQL and MariaDB, which tell with SHOW CREATE what made a thing. */
export const mysqlSchemaCopies: SchemaCopies = {
  async circumstances(queryRunner) {
    const sql = 'SELECT VERSION() AS version, @@collation_database AS collation';
    const [{ version, collation }] = await ask(queryRunner, sql);
    return `${String(version)} ${String(collation)}`;
  },

  async dump(queryRunner) {
    await queryRunner.query(SESSION);
    const run = (sql: string) => ask(queryRunner, sql);
    const tables = await run(
      'SELECT TABLE_NAME AS name, TABLE_TYPE AS type FROM information_schema.tables ' +
        'WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME',
    );
    const other = tables.find(({ type }) => type !== 'BASE TABLE' && type !== 'VIEW');
    if (other !== undefined) {
      throw new NotToBeCopiedError(`${String(other.name)} is a ${String(other.type)}`);
    }
    const names = (type: string) =>
      tables.filter((table) => table.type === type).map(({ name }) => String(name));
    const creations: string[] = [];
    for (const name of names('BASE TABLE')) {
      const [row] = await run(`SHOW CREATE TABLE ${quoteName(name)}`);
      creations.push(String(row['Create Table']));
    }
    const columns = await run(
      'SELECT TABLE_NAME AS tableName, COLUMN_NAME AS name, DATA_TYPE AS type, GENERATION_EXPRESSION AS expression ' +
        'FROM information_schema.columns WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION',
    );
    const rows = await dumpRows(run, names('BASE TABLE'), columns.map(dumpedColumn));
    const programs = await dumpPrograms(run);
    const views = await dumpViews(run, names('VIEW'));
    return [
      ...creations,
      ...rows,
      // A view may call a function, and a trigger would see the rows.
      ...programs.routines,
      ...views,
      ...programs.triggersAndEvents,
    ];
  },

  async replay(queryRunner, dump) {
    const lease: unknown = await queryRunner.connect();
    if (!(lease instanceof MysqlLease)) throw new TypeError('Not a connection of this engine');
    await lease.sendAll([SESSION, ...dump]);
  },
};

function dumpedColumn({ tableName, name, type, expression }: Row): DumpedColumn {
  return {
    table: String(tableName),
    name: String(name),
    type: String(type).toLowerCase(),
    generated: expression !== null && expression !== '',
  };
}

async function ask(queryRunner: QueryRunner, sql: string): Promise<readonly Row[]> {
  return (await queryRunner.query(sql)) as Row[];
}
