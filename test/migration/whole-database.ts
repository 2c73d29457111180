import { databasesOf } from '../support/databases.js';
import type { EngineSetup } from '../support/engines.js';

/** Views of information_schema, and by which column they tell their database. */
const ON_SERVERS = {
  tables: 'table_schema',
  columns: 'table_schema',
  statistics: 'table_schema',
  table_constraints: 'constraint_schema',
  key_column_usage: 'constraint_schema',
  referential_constraints: 'constraint_schema',
  check_constraints: 'constraint_schema',
  partitions: 'table_schema',
  views: 'table_schema',
  triggers: 'trigger_schema',
  routines: 'routine_schema',
  parameters: 'specific_schema',
};

/** Times, and what the server counts and estimates by the way. */
const PASSING =
  /^(create_time|update_time|check_time|created|last_altered|table_rows|avg_row_length|data_length|max_data_length|index_length|data_free|cardinality|temporary|row_format)$/i;

/** All that a database holds and what is known of it, without its name: equal for two that are the same. */
export async function wholeDatabase(setup: EngineSetup, name: string): Promise<object> {
  const databases = databasesOf(setup);
  const query = (sql: string) => databases.query(name, sql);
  const whole: Record<string, unknown> = {};
  if (setup.admin === undefined) {
    whole.master = await query(
      'SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name',
    );
    whole.version = await query('PRAGMA user_version');
    whole.sequences = await query('SELECT * FROM sqlite_sequence ORDER BY name');
  } else {
    for (const [view, column] of Object.entries(ON_SERVERS)) {
      const rows = await query(
        `SELECT * FROM information_schema.${view} WHERE ${column} = '${name}'`,
      );
      whole[view] = rows
        .map((row) => Object.entries(row).filter(([key]) => !PASSING.test(key)))
        .map((entries) => JSON.stringify(entries.toSorted()).replaceAll(name, '<name>'))
        .toSorted();
    }
  }
  for (const table of await databases.tables(name)) {
    const quote = setup.admin === undefined ? '"' : '`';
    const rows = await query(`SELECT * FROM ${quote}${table}${quote}`);
    whole[`rows of ${table}`] = rows
      .map((row) => JSON.stringify(row).replaceAll(name, '<name>'))
      .toSorted();
  }
  return whole;
}
