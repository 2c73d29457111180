import type { Account } from '../../../options/account.js';
import type { MysqlLease } from './mysql-lease.js';
import { query } from './query.js';
import { quoteName } from './quote-name.js';

/**
 * What an app does while it serves. Not what changes the schema (CREATE, ALTER, DROP, INDEX, TRIGGER, CREATE VIEW, …):
 * migrations run as the provisioning account. That of DROP takes TRUNCATE with it: delete the rows instead. Triggers fire
 * and views are read with the rights of who made them. SHOW VIEW is for EXPLAIN of a query that reads one.
 */
export const RIGHTS =
  'SELECT, INSERT, UPDATE, DELETE, EXECUTE, SHOW VIEW, CREATE TEMPORARY TABLES, LOCK TABLES';

/** Makes an account that may log in from anywhere, with the rights to serve from `database` and to nothing else. */
export async function createAccount(
  lease: MysqlLease,
  account: Account,
  database: string,
): Promise<void> {
  const who = accountName(lease, account.user);
  await lease.sendUntold(`CREATE USER ${who} IDENTIFIED BY ${lease.escape(account.password)}`);
  const literally = await takesNamesLiterally(lease);
  const where = quoteName(literally ? database : escapePattern(database));
  await query(lease, `GRANT ${RIGHTS} ON ${where}.* TO ${who}`);
}

export async function dropAccount(lease: MysqlLease, user: string): Promise<void> {
  await query(lease, `DROP USER IF EXISTS ${accountName(lease, user)}`);
}

function accountName(lease: MysqlLease, user: string): string {
  return `${lease.escape(user)}@'%'`;
}

/**
 * The database of a GRANT is a pattern: without a backslash `tenant_1` would be `tenantx1`, too. Not on a MySQL server
 * with `partial_revokes`, which takes it as it is. MariaDB has no such variable.
 */
export async function takesNamesLiterally(lease: MysqlLease): Promise<boolean> {
  const [row] = await query(lease, "SHOW GLOBAL VARIABLES LIKE 'partial\\_revokes'");
  return row?.Value === 'ON';
}

export function escapePattern(database: string): string {
  return database.replaceAll(/[\\_%]/g, '\\$&');
}
