import { randomBytes } from 'node:crypto';
import type { MissingRights } from '../inspection.js';
import { isMissing, isRightMissing } from './error-kinds.js';
import { RIGHTS, escapePattern, takesNamesLiterally } from './mysql-accounts.js';
import type { MysqlLease } from './mysql-lease.js';
import { query } from './query.js';
import { quoteName } from './quote-name.js';

/** A right, and a statement that needs it. */
type Probe = readonly [right: string, sql: string];

/** Tries what the account that creates tenants has to do. */
export async function probeProvisioning(
  lease: MysqlLease,
  prefix: string,
  accounts: boolean,
  inside?: (database: string) => Promise<void>,
): Promise<MissingRights[]> {
  const scratch = `${prefix}doctor_${randomBytes(4).toString('hex')}`;
  const where = await grantable(lease, prefix, '%');
  const all = `GRANT ALL PRIVILEGES ON ${where}`;
  try {
    const created = await missing(lease, [['CREATE', `CREATE DATABASE ${quoteName(scratch)}`]]);
    if (created.length > 0) {
      const grant = `${all} TO ${await grantee(lease)}${accounts ? ' WITH GRANT OPTION' : ''};`;
      return [{ rights: created, grant }, ...(await probeAccounts(lease, where, accounts))];
    }
    const rights = await missing(lease, [
      ...schemaProbes(scratch, 'doctor'),
      dropProbe(scratch, 'doctor'),
      ['CREATE', `CREATE TABLE ${quoteName(scratch)}.${quoteName(SERVED)} (id INT PRIMARY KEY)`],
    ]);
    await inside?.(scratch);
    return [
      ...(await missingOn(lease, rights, where)),
      ...(await probeAccounts(lease, where, accounts, scratch)),
    ];
  } finally {
    await missing(lease, [['DROP', `DROP DATABASE IF EXISTS ${quoteName(scratch)}`]]);
  }
}

/** Tries what migrations and the app do in a database that is there. */
export async function probeDatabase(lease: MysqlLease, database: string): Promise<MissingRights[]> {
  const table = `tenancy_doctor_${randomBytes(4).toString('hex')}`;
  const rights = await missing(lease, schemaProbes(database, table));
  const dropped = await missing(lease, [dropProbe(database, table)]);
  return missingOn(lease, [...rights, ...dropped], await grantable(lease, database));
}

/** Tries what serving takes, in the database of {@link probeProvisioning}. */
export async function probeServing(
  lease: MysqlLease,
  database: string,
  prefix: string,
): Promise<MissingRights[]> {
  const table = `${quoteName(database)}.${quoteName(SERVED)}`;
  const rights = await missing(lease, useProbes(table));
  return missingOn(lease, rights, await grantable(lease, prefix, '%'));
}

/** A table that is left in the database of a probe, for others to use. */
const SERVED = 'served';

function schemaProbes(database: string, prefix: string): Probe[] {
  const table = (name: string) => `${quoteName(database)}.${quoteName(name)}`;
  const [parents, children] = [table(`${prefix}_parents`), table(`${prefix}_children`)];
  return [
    ['CREATE', `CREATE TABLE ${parents} (id INT PRIMARY KEY) ENGINE = InnoDB`],
    ['ALTER', `ALTER TABLE ${parents} ADD COLUMN label INT`],
    ['INDEX', `CREATE INDEX by_label ON ${parents} (label)`],
    [
      'REFERENCES',
      `CREATE TABLE ${children} (id INT, FOREIGN KEY (id) REFERENCES ${parents} (id)) ENGINE = InnoDB`,
    ],
    ...useProbes(parents),
  ];
}

function useProbes(table: string): Probe[] {
  return [
    ['INSERT', `INSERT INTO ${table} (id) VALUES (1)`],
    ['SELECT', `SELECT id FROM ${table}`],
    ['UPDATE', `UPDATE ${table} SET id = 2`],
    ['DELETE', `DELETE FROM ${table}`],
  ];
}

/** Of what {@link schemaProbes} makes. */
function dropProbe(database: string, prefix: string): Probe {
  const table = (name: string) => `${quoteName(database)}.${quoteName(name)}`;
  return [
    'DROP',
    `DROP TABLE IF EXISTS ${table(`${prefix}_children`)}, ${table(`${prefix}_parents`)}`,
  ];
}

async function probeAccounts(
  lease: MysqlLease,
  where: string,
  wanted: boolean,
  database?: string,
): Promise<MissingRights[]> {
  if (!wanted) return [];
  const account = `'tenancy_doctor_${randomBytes(4).toString('hex')}'@'%'`;
  const password = lease.escape(`${randomBytes(18).toString('base64url')}-aA1`);
  try {
    await lease.sendUntold(`CREATE USER ${account} IDENTIFIED BY ${password}`);
  } catch (error) {
    if (!isRightMissing(error)) throw error;
    return [
      { rights: ['CREATE USER'], grant: `GRANT CREATE USER ON *.* TO ${await grantee(lease)};` },
    ];
  }
  try {
    if (database === undefined) return [];
    const refused = await missing(lease, [
      ['GRANT OPTION', `GRANT ${RIGHTS} ON ${await grantable(lease, database)} TO ${account}`],
    ]);
    if (refused.length === 0) return [];
    const grant = `GRANT ALL PRIVILEGES ON ${where} TO ${await grantee(lease)} WITH GRANT OPTION;`;
    return [{ rights: refused, grant }];
  } finally {
    await query(lease, `DROP USER ${account}`);
  }
}

/** The rights of those probes that are refused. What fails for another reason is no answer. */
async function missing(lease: MysqlLease, probes: readonly Probe[]): Promise<string[]> {
  const rights = new Set<string>();
  for (const [right, sql] of probes) {
    try {
      await query(lease, sql);
    } catch (error) {
      if (isRightMissing(error)) rights.add(right);
      // Without the table of a probe that was refused those that come after it tell nothing.
      else if (!isMissing(error)) throw error;
    }
  }
  return [...rights];
}

async function missingOn(
  lease: MysqlLease,
  rights: readonly string[],
  where: string,
): Promise<MissingRights[]> {
  if (rights.length === 0) return [];
  const unique = [...new Set(rights)];
  return [
    { rights: unique, grant: `GRANT ${unique.join(', ')} ON ${where} TO ${await grantee(lease)};` },
  ];
}

/** What a grant for a database, or for all whose names begin so, is on. */
async function grantable(lease: MysqlLease, name: string, rest = ''): Promise<string> {
  const literally = await takesNamesLiterally(lease);
  // Where names are taken literally no pattern helps.
  if (literally) return rest === '' ? `${quoteName(name)}.*` : '*.*';
  return `${quoteName(escapePattern(name) + rest)}.*`;
}

/** Who we are to the server, as a grant names it. */
async function grantee(lease: MysqlLease): Promise<string> {
  const [row] = await query(lease, 'SELECT CURRENT_USER() AS account');
  const [user = '', host = '%'] = String(row?.account).split(/@(?=[^@]*$)/);
  return `${lease.escape(user)}@${lease.escape(host)}`;
}
