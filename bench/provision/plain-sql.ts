import { createConnection, type RowDataPacket } from 'mysql2/promise';

/** What makes the tables of a database as it is. */
export async function creationsOf(url: string, database: string): Promise<readonly string[]> {
  const connection = await createConnection({ uri: `${url}/${database}` });
  const [tables] = await connection.query<RowDataPacket[]>('SHOW TABLES');
  const creations: string[] = [];
  for (const name of tables.flatMap((row) => Object.values(row) as string[])) {
    const [[row]] = await connection.query<RowDataPacket[]>(`SHOW CREATE TABLE \`${name}\``);
    creations.push(String(row['Create Table']));
  }
  await connection.end();
  return creations;
}

/**
 * Makes databases with these tables over so many connections. Nothing is registered, recorded, locked or looked at.
 * @returns seconds
 */
export async function createByPlainSql(
  url: string,
  names: readonly string[],
  creations: readonly string[],
  connections: number,
): Promise<number> {
  const waiting = [...names];
  const startedAt = performance.now();
  const lane = async () => {
    const connection = await createConnection({ uri: url });
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      await connection.query(`CREATE DATABASE ${name}`);
      await connection.changeUser({ database: name });
      for (const creation of creations) await connection.query(creation);
    }
    await connection.end();
  };
  await Promise.all(Array.from({ length: connections }, lane));
  return (performance.now() - startedAt) / 1_000;
}
