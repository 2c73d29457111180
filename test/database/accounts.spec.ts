import { randomBytes } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { MysqlAdministration } from '../../lib/database/engines/mysql/mysql-administration.js';
import type { Lease } from '../../lib/database/pool/pooled-connection.js';
import type { ServerPool } from '../../lib/database/pool/server-pool.js';
import { Account } from '../../lib/options/account.js';
import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { codeOf } from '../support/rejection.js';
import { seeded } from '../support/seeded.js';
import { startServer, type RunningServer } from '../support/servers/index.js';
import { startTenancyApp } from '../support/tenancy-app.js';
import { poolOn, query } from './pool-on.js';

const KEY = randomBytes(32).toString('base64');

const newAccount = () =>
  new Account(`test_${randomBytes(8).toString('hex')}`, randomBytes(24).toString('base64url'));
const numberOf = async (work: () => unknown): Promise<unknown> => {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof Error && 'errno' in error ? error.errno : error;
  }
};
const ownerOf = (lease: Lease) => query(lease, 'SELECT owner FROM notes');
const administrationOn = (pool: ServerPool) =>
  new MysqlAdministration('main', () => pool.lease({ database: '' }));

type Session = ReadonlyMap<string, string>;

/** Counters and moments: different on two fresh connections, too. */
const OF_THE_CONNECTION =
  /^(error_count|identity|insert_id|last_gtid|last_insert_id|pseudo_thread_id|rand_seed\d|statement_id|timestamp|warning_count)$/;

async function sessionOf(lease: Lease): Promise<Session> {
  const rows = await query(lease, 'SHOW SESSION VARIABLES');
  const variables = rows.map(
    (row) => [String(row['Variable_name']), String(row['Value'])] as const,
  );
  return new Map(variables.filter(([name]) => !OF_THE_CONNECTION.test(name)));
}

/** What a tenant's own account may leave in a session. */
const LEAVING = [
  "SET SESSION sql_mode = 'ANSI_QUOTES', time_zone = '+05:00', autocommit = 0",
  "SET NAMES utf8mb4 COLLATE utf8mb4_bin, character_set_results = 'latin1'",
  'SET SESSION TRANSACTION READ ONLY',
  'SET SESSION foreign_key_checks = 0, sql_select_limit = 1, wait_timeout = 5',
  'SET SESSION session_track_schema = 0',
  'SET @marker = 1',
  "SELECT GET_LOCK('left', 0)",
  'CREATE TEMPORARY TABLE notes (owner INTEGER)',
  'USE information_schema',
  'START TRANSACTION',
];

describe.each(engines)('accounts on $name', ({ name: engine, prepare }) => {
  let setup: EngineSetup;
  let pool: ServerPool;
  const made: Account[] = [];
  beforeAll(async () => {
    setup = await prepare();
    pool = poolOn(setup.serverUrl, { maxConnections: 1 });
  });
  afterAll(async () => {
    const administration = administrationOn(pool);
    for (const { user } of made) await administration.dropAccount(user);
    await pool.end(0);
    await setup.cleanUp();
  });

  if (engine === 'sqlite') {
    it('are refused at the start: there are none', async () => {
      const tenants = { credentials: 'per-tenant', credentialKeys: [KEY] } as const;
      await expect(startTenancyApp(setup, { options: { tenants } })).rejects.toMatchObject({
        code: 'TENANCY_OPTIONS_INVALID',
        message: expect.stringContaining('SQLite has no accounts'),
      });
    });
    return;
  }

  const named = (name: string) => setup.databasePrefix + name;
  /** A database with a table of notes that name it, and an account for it. */
  const prepareTenant = async (name: string): Promise<Account> => {
    const databases = databasesOf(setup);
    await databases.create(named(name));
    await databases.query(named(name), `CREATE TABLE notes AS SELECT '${name}' AS owner`);
    const account = newAccount();
    made.push(account);
    await administrationOn(pool).createAccount(account, named(name));
    return account;
  };
  const using = async <T>(
    database: string,
    account: Account | undefined,
    work: (lease: Lease) => Promise<T>,
    from = pool,
  ): Promise<T> => {
    const lease = await from.lease({ database, account });
    try {
      return await work(lease);
    } finally {
      lease.release();
    }
  };
  const ownerAt = (name: string, account: Account) => using(named(name), account, ownerOf);

  describe('on the one connection that two tenants share', () => {
    let a: Account;
    let b: Account;
    // A pattern of a GRANT that is not escaped lets the first one into the second one.
    beforeAll(async () => {
      a = await prepareTenant('tenant_1');
      b = await prepareTenant('tenantx1');
    });

    const [DATABASE_DENIED, TABLE_DENIED] = [1044, 1142];

    it.each(['tenant_1', 'tenantx1'])(
      'the server itself refuses %s the other one',
      async (name) => {
        const [account, other] = name === 'tenant_1' ? [a, 'tenantx1'] : [b, 'tenant_1'];
        expect(await ownerAt('tenant_1', a)).toEqual([{ owner: 'tenant_1' }]);
        expect(await ownerAt('tenantx1', b)).toEqual([{ owner: 'tenantx1' }]);
        const foreign = `\`${named(other)}\``;
        for (const [statement, denied] of [
          [`SELECT * FROM ${foreign}.notes`, TABLE_DENIED],
          [`INSERT INTO ${foreign}.notes VALUES ('stolen')`, TABLE_DENIED],
          [`USE ${foreign}`, DATABASE_DENIED],
        ] as const) {
          await using(named(name), account, async (lease) => {
            expect([statement, await numberOf(() => query(lease, statement))]).toEqual([
              statement,
              denied,
            ]);
          });
        }
        await using(named(name), account, async (lease) => {
          const seen = await query(
            lease,
            `SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name <> 'information_schema'
           AND schema_name <> 'performance_schema'`,
          );
          expect(seen).toEqual([{ name: named(name) }]);
        });
        expect(pool.stats().opened).toBe(1);
      },
    );

    it('may do what serving takes, and may not change the schema', async () => {
      await using(named('tenant_1'), a, async (lease) => {
        for (const statement of [
          "INSERT INTO notes VALUES ('more')",
          "UPDATE notes SET owner = 'most' WHERE owner = 'more'",
          "DELETE FROM notes WHERE owner = 'most'",
          'CREATE TEMPORARY TABLE t (id INTEGER)',
          'LOCK TABLES notes READ',
          'UNLOCK TABLES',
        ]) {
          expect([statement, await numberOf(() => query(lease, statement))]).toEqual([
            statement,
            undefined,
          ]);
        }
        for (const statement of [
          'CREATE TABLE more (id INTEGER)',
          'ALTER TABLE notes ADD more INTEGER',
          'DROP TABLE notes',
          'TRUNCATE TABLE notes',
          'CREATE VIEW v AS SELECT 1',
        ]) {
          expect([statement, await numberOf(() => query(lease, statement))]).toEqual([
            statement,
            TABLE_DENIED,
          ]);
        }
      });
    });
  });

  it('one that asks for another database, or that is gone, is refused before anything has run', async () => {
    const mine = await prepareTenant('mine');
    await prepareTenant('theirs');
    const gone = await prepareTenant('gone');
    await administrationOn(pool).dropAccount(gone.user);
    const refusals = poolOn(setup.serverUrl, { maxConnections: 1 });
    for (const [database, account] of [
      ['theirs', mine],
      ['gone', gone],
    ] as const) {
      const lease = () => refusals.lease({ database: named(database), account });
      // On a new connection, then on one that is turned: MariaDB takes a second to refuse that.
      expect(await codeOf(lease)).toBe('ACCOUNT_REFUSED');
      await using(named('mine'), mine, (open) => query(open, 'SELECT 1'), refusals);
      expect(await codeOf(lease)).toBe('ACCOUNT_REFUSED');
      expect(refusals.stats()).toMatchObject({ leased: 0, waiting: 0, breaker: 'closed' });
      // Neither is the connection lost, nor its place.
      expect(await using(named('mine'), mine, ownerOf, refusals)).toEqual([{ owner: 'mine' }]);
    }
    await refusals.end(0);
  });

  it('a session of one that was dropped goes on, and is refused to be made as new', async () => {
    const account = await prepareTenant('dropped');
    const lone = poolOn(setup.serverUrl, { maxConnections: 1 });
    await using(
      named('dropped'),
      account,
      async (lease) => {
        await query(lease, 'START TRANSACTION');
        await administrationOn(pool).dropAccount(account.user);
        await query(lease, "INSERT INTO notes VALUES ('late')");
        await query(lease, 'COMMIT');
      },
      lone,
    );
    const owners = await using(named('dropped'), account, ownerOf, lone);
    expect(owners).toEqual([{ owner: 'dropped' }, { owner: 'late' }]);
    expect(lone.stats()).toMatchObject({ opened: 1, reused: 1 });
    await using(named('dropped'), account, (lease) => query(lease, 'SET @marker = 1'), lone);
    expect(await codeOf(() => using(named('dropped'), account, ownerOf, lone))).toBe(
      'ACCOUNT_REFUSED',
    );
    // Its connection serves others.
    const other = await prepareTenant('dropped_other');
    expect(await using(named('dropped_other'), other, ownerOf, lone)).toEqual([
      { owner: 'dropped_other' },
    ]);
    await lone.end(0);
  });

  it('after whatever was left in it, a session that changes its user equals a fresh one', async () => {
    const names = ['session_a', 'session_b', 'session_c'];
    const tenants = [];
    for (const name of names) {
      tenants.push({ database: named(name), account: await prepareTenant(name) });
    }
    const everyone = [...tenants, { database: tenants[0]!.database, account: undefined }];
    const fresh = new Map<unknown, Session>();
    for (const { database, account } of everyone) {
      const other = poolOn(setup.serverUrl, { maxConnections: 1 });
      fresh.set(account, await using(database, account, sessionOf, other));
      await other.end(0);
    }
    await seeded(async (random) => {
      for (let turns = 0; turns < 40; turns += 1) {
        const before = random.pick(everyone);
        const next = random.pick(everyone);
        const left = random.pick(LEAVING);
        await using(before.database, before.account, (lease) => query(lease, left));
        await using(next.database, next.account, async (lease) => {
          const who = `${left}, ${before.account?.user} to ${next.account?.user}`;
          const [row] = await query(
            lease,
            "SELECT DATABASE() AS name, @marker AS marker, IS_USED_LOCK('left') AS holder",
          );
          expect([who, row]).toEqual([who, { name: next.database, marker: null, holder: null }]);
          expect([who, ...(await sessionOf(lease))]).toEqual([who, ...fresh.get(next.account)!]);
        });
      }
    });
    expect(pool.stats().opened).toBe(1);
  });

  describe('a password', () => {
    const secret = 'correct-horse-battery-staple';

    it('is seen by nobody who traces queries', async () => {
      const seen: unknown[] = [];
      const listener = (message: unknown) => seen.push(message);
      const traces = ['query', 'execute'].map((kind) => channel(`tracing:mysql2:${kind}:start`));
      for (const trace of traces) trace.subscribe(listener);
      const account = new Account(newAccount().user, secret);
      made.push(account);
      await administrationOn(pool).createAccount(account, named('tenant_1'));
      for (const trace of traces) trace.unsubscribe(listener);
      expect(inspect(seen, { depth: 5 })).toContain(account.user);
      expect(inspect(seen, { depth: 5 })).not.toContain(secret);
    });

    it('is in no error', async () => {
      const account = new Account(made[0]!.user, secret);
      const error: unknown = await administrationOn(pool)
        .createAccount(account, named('tenant_1'))
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ errno: 1396 });
      expect(inspect(error, { depth: 5, showHidden: true })).not.toContain(secret);
      expect(Object.values(error as object).join()).not.toContain(secret);
    });
  });

  if (engine === 'mysql') {
    describe('on a server that reads the names of grants literally', () => {
      let server: RunningServer;
      beforeAll(async () => {
        server = await startServer('mysql', { settings: ['--partial-revokes=ON'] });
      });
      afterAll(() => server.stop());

      it('has rights on its own database, and on no other', async () => {
        for (const name of ['tenant_1', 'tenantx1']) {
          await server.query(`CREATE DATABASE ${name}`);
          await server.query(`CREATE TABLE ${name}.notes AS SELECT '${name}' AS owner`);
        }
        const own = poolOn(server.url, { maxConnections: 1 });
        const account = newAccount();
        await administrationOn(own).createAccount(account, 'tenant_1');
        expect(await using('tenant_1', account, ownerOf, own)).toEqual([{ owner: 'tenant_1' }]);
        expect(await codeOf(() => own.lease({ database: 'tenantx1', account }))).toBe(
          'ACCOUNT_REFUSED',
        );
        await own.end(0);
      });
    });
  }
});
