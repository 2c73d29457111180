import type { ResolvedServer } from '../../options/resolve.js';
import type { ServerInspection } from './inspection.js';
import { MysqlInspection } from './mysql/mysql-inspection.js';
import { SqliteInspection } from './sqlite/sqlite-inspection.js';

/**
 * Looks at a server with the account of its URL.
 * @throws ServerUnreachableError
 */
export async function createInspection(server: ResolvedServer): Promise<ServerInspection> {
  const { address } = server;
  return address.engine === 'mysql'
    ? MysqlInspection.open(server, address)
    : new SqliteInspection(address.path);
}
