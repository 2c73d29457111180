import { createConnection } from 'mysql2/promise';
import { databaseOf, slugOf } from '../app/settings.js';
import { ADD_INVOICES } from './add-invoices.migration.js';

/**
 * Sends the statements of the migration to the databases from `first` on, over so many connections. Nothing is recorded,
 * locked or looked at: as fast as it can be.
 * @returns seconds
 */
export async function changeByPlainSql(
  url: string,
  first: number,
  end: number,
  connections: number,
): Promise<number> {
  let next = first;
  const startedAt = performance.now();
  const lane = async () => {
    const connection = await createConnection({ uri: url });
    while (next < end) {
      await connection.changeUser({ database: databaseOf(slugOf(next++)) });
      for (const statement of ADD_INVOICES) await connection.query(statement);
    }
    await connection.end();
  };
  await Promise.all(Array.from({ length: connections }, lane));
  return (performance.now() - startedAt) / 1_000;
}
