import { DumpedRows, NotToBeCopiedError } from '../schema-copies.js';
import type { Row } from './query.js';
import { quoteName } from './quote-name.js';

export interface DumpedColumn {
  readonly table: string;
  readonly name: string;
  /** In lower case. */
  readonly type: string;
  readonly generated: boolean;
}

/** INSERTs of all rows; the server itself writes the values, so that none is changed on its way through JavaScript. */
export async function dumpRows(
  run: (sql: string) => Promise<readonly Row[]>,
  tables: readonly string[],
  columns: readonly DumpedColumn[],
): Promise<readonly string[]> {
  const rows = new DumpedRows();
  for (const table of tables) {
    const own = columns.filter((column) => column.table === table && !column.generated);
    const isEmpty = (await run(`SELECT 1 FROM ${quoteName(table)} LIMIT 1`)).length === 0;
    if (isEmpty) continue;
    const values = own.map((column) => `IFNULL(${valueOf(column)}, 'NULL')`);
    const found = await run(
      `SELECT CONCAT_WS(', ', ${values.join(', ')}) AS dumped FROM ${quoteName(table)} LIMIT ${rows.limit}`,
    );
    const names = own.map(({ name }) => quoteName(name)).join(', ');
    rows.add(
      `INSERT INTO ${quoteName(table)} (${names}) VALUES `,
      found.map(({ dumped }) => String(dumped)),
    );
  }
  return rows.statements;
}

const NUMBERS = 'tinyint smallint mediumint int bigint decimal year'.split(' ');
const FRACTIONS = 'float double'.split(' ');
const BYTES = 'binary varbinary tinyblob blob mediumblob longblob'.split(' ');
const TEXTS = 'char varchar tinytext text mediumtext longtext enum set json'.split(' ');
const QUOTED = 'date time datetime timestamp uuid inet4 inet6'.split(' ');

/** An expression for a column that gives its value in SQL, or NULL. */
function valueOf({ table, name, type }: DumpedColumn): string {
  const column = quoteName(name);
  if (NUMBERS.includes(type)) return `CAST(${column} AS CHAR)`;
  // As text a float has six digits; as a double it has all.
  if (FRACTIONS.includes(type)) return `CAST(${column} + 0E0 AS CHAR)`;
  if (BYTES.includes(type)) return `CONCAT('X''', HEX(${column}), '''')`;
  if (type === 'bit') return `CONCAT('b''', BIN(${column} + 0), '''')`;
  if (QUOTED.includes(type)) return `QUOTE(CAST(${column} AS CHAR))`;
  if (TEXTS.includes(type)) {
    const text = `CONVERT(${column} USING utf8mb4)`;
    // TypeORM's table of views and generated columns has the name of the database in it.
    return (
      `IF(${text} = CONVERT(DATABASE() USING utf8mb4) COLLATE utf8mb4_bin, 'DATABASE()', ` +
      `CONCAT('_utf8mb4 X''', HEX(${text}), ''''))`
    );
  }
  throw new NotToBeCopiedError(`${table} has rows with a column of type ${type}`);
}
