import type { ResolvedServer } from '../../options/resolve.js';
import type { ServerEngine } from './engine.js';
import { MysqlEngine } from './mysql/mysql-engine.js';
import { SqliteEngine } from './sqlite/sqlite-engine.js';

/** The engine that the scheme of the server's URL names. */
export function createEngine(server: ResolvedServer): ServerEngine {
  return server.address.engine === 'mysql'
    ? new MysqlEngine(server, server.address)
    : new SqliteEngine(server, server.address.path);
}
