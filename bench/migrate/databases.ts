import { createConnection } from 'mysql2/promise';
import { CREATE_PROJECT_TABLE } from '../app/create-projects.migration.js';
import { CENTRAL_DATABASE, databaseOf, slugOf } from '../app/settings.js';

/** Connections that make databases side by side: with more the servers get no faster. */
const LANES = 4;

/** As TypeORM makes it. */
const CREATE_MIGRATIONS_TABLE =
  'CREATE TABLE migrations (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, timestamp bigint NOT NULL, name varchar(255) NOT NULL)';

/** Makes the central database, empty, and databases that have what the app of before had: `names` of migrations. */
export async function createMigratedDatabases(
  url: string,
  count: number,
  names: readonly string[],
): Promise<void> {
  const central = await createConnection({ uri: url });
  await central.query(`CREATE DATABASE ${CENTRAL_DATABASE}`);
  await central.end();
  const rows = names.map((name) => [Number(name.slice(-13)), name]);
  let next = 0;
  const lane = async () => {
    const connection = await createConnection({ uri: url });
    while (next < count) {
      const database = databaseOf(slugOf(next++));
      await connection.query(`CREATE DATABASE ${database}`);
      await connection.changeUser({ database });
      await connection.query(CREATE_PROJECT_TABLE);
      await connection.query(CREATE_MIGRATIONS_TABLE);
      await connection.query('INSERT INTO migrations (timestamp, name) VALUES ?', [rows]);
    }
    await connection.end();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** How many of the databases up to `end` have that migration exactly once. */
export async function countMigrated(url: string, end: number, name: string): Promise<number> {
  const connection = await createConnection({ uri: url });
  let once = 0;
  for (let tenant = 0; tenant < end; tenant++) {
    const [rows] = await connection.query(
      `SELECT id FROM ${databaseOf(slugOf(tenant))}.migrations WHERE name = ?`,
      [name],
    );
    if (Array.isArray(rows) && rows.length === 1) once += 1;
  }
  await connection.end();
  return once;
}
