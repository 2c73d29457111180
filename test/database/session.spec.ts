import { MysqlLease } from '../../lib/database/engines/mysql/mysql-lease.js';
import type { Lease } from '../../lib/database/pool/pooled-connection.js';
import type { ServerPool } from '../../lib/database/pool/server-pool.js';
import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { seeded } from '../support/seeded.js';
import { poolOn, query } from './pool-on.js';

/** Counters, moments, and what tells one connection from another: different on two fresh connections, too. */
const OF_THE_CONNECTION = new Set([
  'error_count',
  'identity',
  'insert_id',
  'last_gtid',
  'last_insert_id',
  'pseudo_thread_id',
  'rand_seed1',
  'rand_seed2',
  'statement_id',
  'timestamp',
  'warning_count',
]);

type Session = ReadonlyMap<string, string>;

/** What a session is, apart from its database. */
async function sessionOf(lease: Lease): Promise<Session> {
  const rows = await query(lease, 'SHOW SESSION VARIABLES');
  const variables = rows.map(
    (row) => [String(row['Variable_name']), String(row['Value'])] as const,
  );
  return new Map(variables.filter(([name]) => !OF_THE_CONNECTION.has(name)));
}

const LOCK = 'left in a session';

/** Statements that leave something in the session. */
const LEAVING = [
  "SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
  "SET SESSION time_zone = '+05:00'",
  'SET NAMES latin1',
  "SET NAMES utf8mb4 COLLATE utf8mb4_bin, character_set_results = 'latin1'",
  'SET autocommit = 0',
  'SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED',
  'SET SESSION TRANSACTION READ ONLY',
  'SET SESSION foreign_key_checks = 0, unique_checks = 0, sql_safe_updates = 1',
  'SET SESSION sql_select_limit = 1',
  'SET SESSION group_concat_max_len = 4, max_sort_length = 100',
  'SET SESSION wait_timeout = 5, net_read_timeout = 3',
  "SET SESSION default_storage_engine = 'MEMORY'",
  "SET SESSION lc_time_names = 'de_DE'",
  'SET SESSION session_track_schema = 0',
  'SET SESSION big_tables = 1, low_priority_updates = 1',
  'SET SESSION innodb_lock_wait_timeout = 1, lock_wait_timeout = 1',
  'SET @marker = 1, @other = 2',
  'SELECT @marker := 1',
  'SELECT 1 INTO @marker',
  'SELECT 1 INTO/**/@marker',
  `SELECT GET_LOCK('${LOCK}', 0)`,
  `SELECT GET_LOCK/**/ ('${LOCK}', 0)`,
  `INSERT INTO notes SELECT GET_LOCK('${LOCK}', 0)`,
  'USE information_schema',
  'START TRANSACTION',
];

describe.each(engines)('on $name', ({ name: engine, prepare }) => {
  let setup: EngineSetup;
  let pool: ServerPool;
  const named = (name: string) => setup.databasePrefix + name;
  const names = ['a', 'b', 'c'];
  const using = async <T>(database: string, work: (lease: Lease) => Promise<T>): Promise<T> => {
    const lease = await pool.lease({ database });
    try {
      return await work(lease);
    } finally {
      lease.release();
    }
  };

  beforeAll(async () => {
    setup = await prepare();
    for (const name of names) {
      await databasesOf(setup).create(named(name));
      await databasesOf(setup).query(named(name), 'CREATE TABLE notes (id INTEGER)');
    }
    pool = poolOn(setup.serverUrl, { maxConnections: 1 });
  });
  afterAll(async () => {
    await pool.end(0);
    await setup.cleanUp();
  });

  if (engine === 'sqlite') {
    const settings = async (lease: Lease) => {
      const rows = [];
      for (const name of ['foreign_keys', 'query_only', 'recursive_triggers', 'synchronous']) {
        rows.push(await query(lease, `PRAGMA ${name}`));
      }
      return [...rows, await query(lease, 'PRAGMA database_list')];
    };

    // The first handle on a new file makes it a write-ahead one, and has other defaults than all after it.
    beforeAll(() => using(named('a'), settings));

    it.each([
      'PRAGMA foreign_keys = OFF',
      'PRAGMA query_only = ON',
      'PRAGMA recursive_triggers = ON',
      'PRAGMA synchronous = OFF',
      "ATTACH ':memory:' AS other",
      'CREATE TEMP TABLE t (id INTEGER)',
      'CREATE TABLE temp.t (id INTEGER)',
      'CREATE TABLE IF NOT EXISTS "temp".t (id INTEGER)',
      'CREATE VIEW temp.v AS SELECT 1',
      'BEGIN',
      'SAVEPOINT s',
    ])('after %s, the next lease has a handle like a fresh one', async (statement) => {
      const before = await using(named('a'), settings);
      await using(named('a'), (lease) => query(lease, statement));
      await using(named('a'), async (lease) => {
        expect(await settings(lease)).toEqual(before);
        await query(lease, 'CREATE TABLE probe (id INTEGER)');
        await query(lease, 'DROP TABLE probe');
      });
    });
    return;
  }

  const fresh = async () => {
    const other = poolOn(setup.serverUrl, { maxConnections: 1 });
    try {
      const lease = await other.lease({ database: named('a') });
      const session = await sessionOf(lease);
      lease.release();
      return session;
    } finally {
      await other.end(0);
    }
  };

  it('two fresh connections have equal sessions, so that a difference means something', async () => {
    expect(await fresh()).toEqual(await fresh());
    expect((await fresh()).size).toBeGreaterThan(200);
  });

  const expectAsFresh = async (left: string, lease: Lease, name: string, expected: Session) => {
    const [row] = await query(
      lease,
      `SELECT DATABASE() AS name, @marker AS marker, IS_USED_LOCK('${LOCK}') AS holder`,
    );
    expect([left, row]).toEqual([left, { name: named(name), marker: null, holder: null }]);
    expect([left, ...(await sessionOf(lease))]).toEqual([left, ...expected]);
  };

  it('after whatever was left in it, over 1,000 turns, a session equals a fresh one', async () => {
    const expected = await fresh();
    await seeded(async (random) => {
      for (let turns = 0; turns < 1_000; turns += 1) {
        const left = random.pick(LEAVING);
        const next = random.pick(names);
        await using(named(random.pick(names)), (lease) => query(lease, left));
        await using(named(next), (lease) => expectAsFresh(left, lease, next, expected));
      }
    });
    expect(pool.stats().opened).toBe(1);
  }, 120_000);

  it.each(LEAVING)('%s is noticed between two leases of one tenant', async (left) => {
    const expected = await fresh();
    await using(named('a'), (lease) => query(lease, left));
    await using(named('a'), (lease) => expectAsFresh(left, lease, 'a', expected));
  });

  it('what was left soiled is turned once for who asks in the same moment, and equals a fresh one', async () => {
    const expected = await fresh();
    const two = poolOn(setup.serverUrl, { maxConnections: 2 });
    try {
      let lease = await two.lease({ database: named('c') });
      for (const [index, left] of LEAVING.entries()) {
        const next = index % 2 === 0 ? 'a' : 'b';
        await query(lease, left);
        lease.release();
        lease = await two.lease({ database: named(next) });
        await expectAsFresh(left, lease, next, expected);
      }
      lease.release();
      expect(two.stats()).toMatchObject({ opened: 1, turned: LEAVING.length });
    } finally {
      await two.end(0);
    }
  });

  if (engine === 'mariadb') {
    it('a block that begins like a transaction is noticed between two leases of one tenant', async () => {
      const expected = await fresh();
      const left = 'BEGIN NOT ATOMIC SET @marker = 1; END';
      await using(named('a'), async (lease) => {
        await query(lease, left);
        await query(lease, 'ROLLBACK');
      });
      await using(named('a'), (lease) => expectAsFresh(left, lease, 'a', expected));
    });
  }

  it('a statement that was prepared before a turn is prepared anew after it', async () => {
    const execute = (name: string, sql: string) =>
      using(named(name), async (lease) => {
        if (!(lease instanceof MysqlLease)) throw new TypeError('Not a lease of this engine');
        const [rows] = await lease.promise().execute(sql);
        return rows;
      });
    expect(await execute('a', "SELECT 'one' AS value")).toEqual([{ value: 'one' }]);
    expect(await execute('b', "SELECT 'two' AS value")).toEqual([{ value: 'two' }]);
    expect(await execute('a', "SELECT 'one' AS value")).toEqual([{ value: 'one' }]);
    expect(await execute('a', "SELECT 'three' AS value")).toEqual([{ value: 'three' }]);
    expect(await execute('a', "SELECT 'two' AS value")).toEqual([{ value: 'two' }]);
  });
});
