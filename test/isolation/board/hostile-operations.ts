import type { QueryRunner } from 'typeorm';
import { codeOf } from '../../support/rejection.js';
import { Team } from '../../support/projects.js';
import type { Operation, Visit } from './operation.js';

/** What hostile code takes on purpose, and must have lost with its connection. */
export const SHARED_LOCK = 'a lock that all tenants know';

const TEMPORARY = 'temporary';
const UNCOMMITTED = 'uncommitted';

/** Does something with a query runner of the tenant's, and releases it without cleaning up. */
function leaving(work: (queryRunner: QueryRunner, visit: Visit) => Promise<unknown>): Operation {
  return (visit) =>
    visit.app.tenancy.run(visit.tenant, async () => {
      // Not `await using`, with which TypeORM commits a transaction that is open.
      const queryRunner = visit.app.dataSource.createQueryRunner();
      try {
        await work(queryRunner, visit);
      } finally {
        await queryRunner.release();
      }
    });
}

const running = (...statements: string[]) =>
  leaving(async (queryRunner) => {
    for (const statement of statements) await queryRunner.query(statement);
  });

/** A row that is never committed, so that nobody may ever see it. */
async function insertUncommitted(queryRunner: QueryRunner, { ledger }: Visit): Promise<void> {
  const { id } = ledger.newRow();
  await queryRunner.query('INSERT INTO teams (id, marker) VALUES (?, ?)', [
    id,
    ledger.marker(UNCOMMITTED),
  ]);
}

const ON_EVERY_ENGINE: Record<string, Operation> = {
  'leaves a transaction open': leaving(async (queryRunner, { ledger }) => {
    await queryRunner.startTransaction();
    const { id } = ledger.newRow();
    await queryRunner.manager.insert(Team, { id, marker: ledger.marker(UNCOMMITTED) });
  }),
  'leaves a transaction open that it began itself': leaving(async (queryRunner, visit) => {
    await queryRunner.query('BEGIN');
    await insertUncommitted(queryRunner, visit);
  }),
  'leaves a statement that fails in a transaction': leaving(async (queryRunner, visit) => {
    await queryRunner.startTransaction();
    await insertUncommitted(queryRunner, visit);
    await queryRunner.query('SELECT * FROM nowhere').catch(() => undefined);
  }),
  'uses its connection after the release': async (visit) => {
    let kept: QueryRunner | undefined;
    await leaving(async (queryRunner) => {
      await queryRunner.query('SELECT 1');
      kept = queryRunner;
    })(visit);
    const connection = (await kept!.connect()) as { prepare?: Query; query?: Query };
    const reuse = () => (connection.prepare ?? connection.query)!.call(connection, 'SELECT 1');
    const code = await codeOf(reuse);
    if (code !== 'LEASE_RELEASED') throw new Error(`It was not refused: ${String(code)}`);
  },
};

type Query = (sql: string) => unknown;

const ON_SERVERS: Record<string, Operation> = {
  'goes to the database of another tenant': leaving((queryRunner, { other }) =>
    queryRunner.query(`USE \`${other.placement.database}\``),
  ),
  'sets session variables': running(
    "SET SESSION sql_mode = 'ANSI_QUOTES', time_zone = '+05:00', sql_select_limit = 1",
    'SET SESSION foreign_key_checks = 0',
  ),
  'sets user variables': running("SET @marker = 'left'", 'SELECT @marker := 1'),
  'reads into a user variable': running('SELECT 1 INTO @marker'),
  'reads nothing but what is committed by nobody': running(
    'SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED',
  ),
  'turns autocommit off': leaving(async (queryRunner, visit) => {
    await queryRunner.query('SET autocommit = 0');
    await insertUncommitted(queryRunner, visit);
  }),
  'hides a table behind a temporary one': running(
    'CREATE TEMPORARY TABLE teams (id INT, marker VARCHAR(100))',
    `INSERT INTO teams VALUES (1, '${TEMPORARY}')`,
  ),
  'takes a lock': running(`SELECT GET_LOCK('${SHARED_LOCK}', 0)`),
  // One table: with two, transactions of the same tenant that use both are told of a deadlock, and rightly.
  'locks a table': running('LOCK TABLES teams WRITE'),
  'begins a distributed transaction': leaving(async (queryRunner, visit) => {
    await queryRunner.query(`XA START '${visit.tenant.slug} ${visit.ledger.newRow().id}'`);
    await insertUncommitted(queryRunner, visit);
  }),
  'prepares a statement': running("PREPARE kept FROM 'SELECT 1'"),
  'kills its own connection': leaving((queryRunner) =>
    queryRunner.query('KILL CONNECTION_ID()').catch(() => undefined),
  ),
  'does not wait for its query': leaving(async (queryRunner) => {
    await queryRunner.connect();
    queryRunner.query('SELECT SLEEP(0.02)').catch(() => undefined);
  }),
};

const ON_SQLITE: Record<string, Operation> = {
  'attaches the file of another tenant': leaving((queryRunner, { other, folder }) =>
    queryRunner.query(`ATTACH '${folder}/${other.placement.database}.sqlite' AS other`),
  ),
  'forbids writing': running('PRAGMA query_only = ON'),
  'turns foreign keys off': running('PRAGMA foreign_keys = OFF'),
  'hides a table behind a temporary one': running(
    'CREATE TEMP TABLE teams (id INTEGER, marker TEXT)',
    `INSERT INTO teams VALUES (1, '${TEMPORARY}')`,
  ),
  'hides a table behind one in the temporary database': running(
    'CREATE TABLE temp.teams (id INTEGER, marker TEXT)',
    `INSERT INTO temp.teams VALUES (1, '${TEMPORARY}')`,
  ),
  'holds the lock of the writer': running('BEGIN IMMEDIATE'),
  'leaves a savepoint': leaving(async (queryRunner, visit) => {
    await queryRunner.query('SAVEPOINT kept');
    await insertUncommitted(queryRunner, visit);
  }),
};

const countLeft = `SELECT COUNT(*) AS amount FROM teams
  WHERE marker = '${TEMPORARY}' OR marker LIKE '%:${UNCOMMITTED}'`;

/** Looks whether anything was left for it. */
function looking(session: (queryRunner: QueryRunner, visit: Visit) => Promise<unknown>): Operation {
  return leaving(async (queryRunner, visit) => {
    const [{ amount }] = (await queryRunner.query(countLeft)) as [{ amount: unknown }];
    const left = await session(queryRunner, visit);
    if (Number(amount) === 0 && left === undefined) return;
    throw new Error(`It found ${String(amount)} rows and ${JSON.stringify(left)}`);
  });
}

const lookOnServer = looking(async (queryRunner, { tenant }) => {
  const [session] = (await queryRunner.query(
    `SELECT DATABASE() AS name, @marker AS marker, @@time_zone AS zone, @@autocommit AS autocommit,
     @@foreign_key_checks AS checks, IS_USED_LOCK('${SHARED_LOCK}') = CONNECTION_ID() AS locked`,
  )) as [Record<string, unknown>];
  const { name, marker, zone, autocommit, checks, locked } = session;
  const clean =
    name === tenant.placement.database &&
    marker === null &&
    zone === 'SYSTEM' &&
    Number(autocommit) * Number(checks) === 1 &&
    Number(locked) === 0;
  return clean ? undefined : session;
});

const lookOnSqlite = looking(async (queryRunner) => {
  const names = ['database_list', 'query_only', 'foreign_keys'];
  const found = [];
  for (const name of names) {
    found.push((await queryRunner.query(`PRAGMA ${name}`)) as Record<string, unknown>[]);
  }
  const [databases, [queryOnly], [foreignKeys]] = found;
  const attached = databases!.filter(({ name }) => name !== 'main' && name !== 'temp');
  const clean =
    attached.length === 0 && queryOnly!['query_only'] === 0 && foreignKeys!['foreign_keys'] === 1;
  return clean ? undefined : found;
});

/** Code of an app that leaves behind whatever can be left, and code that looks for it. */
export function hostileOperations(engine: string): Record<string, Operation> {
  return engine === 'sqlite'
    ? { ...ON_EVERY_ENGINE, ...ON_SQLITE, look: lookOnSqlite, 'look again': lookOnSqlite }
    : { ...ON_EVERY_ENGINE, ...ON_SERVERS, look: lookOnServer, 'look again': lookOnServer };
}
