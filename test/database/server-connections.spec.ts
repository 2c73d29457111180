import { randomBytes } from 'node:crypto';
import type { Lease } from '../../lib/database/pool/pooled-connection.js';
import type { ServerPool, ServerPoolOptions } from '../../lib/database/pool/server-pool.js';
import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { codeOf } from '../support/rejection.js';
import { seeded } from '../support/seeded.js';
import { startServer, type RunningServer, type ServerKind } from '../support/servers/index.js';
import { until } from '../support/until.js';
import { poolOn, query, queryIn } from './pool-on.js';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

async function idOf(lease: Lease): Promise<number> {
  const [row] = await query(lease, 'SELECT CONNECTION_ID() AS id');
  return Number(row?.['id']);
}

describe.each(engines)('on $name', ({ name: engine, prepare }) => {
  let setup: EngineSetup;
  let one: ServerPool;
  const pools: ServerPool[] = [];
  const poolAt = (url: string, options: Partial<ServerPoolOptions>) => {
    const made = poolOn(url, options);
    pools.push(made);
    return made;
  };
  const named = (name: string) => setup.databasePrefix + name;

  beforeAll(async () => {
    setup = await prepare();
    for (const name of NAMES) {
      const databases = databasesOf(setup);
      await databases.create(named(name));
      await databases.query(named(name), `CREATE TABLE whose AS SELECT '${name}' AS owner`);
    }
  });
  beforeEach(() => {
    one = poolAt(setup.serverUrl, { maxConnections: 1 });
  });
  afterEach(() => Promise.all(pools.splice(0).map((made) => made.end(0))));
  afterAll(() => setup.cleanUp());

  it('never has more connections than allowed, those on their way among them', async () => {
    const url = await urlOfAccount(setup, 5);
    const five = poolAt(url, { maxConnections: 5 });
    await seeded(async (random) => {
      const borrowers = Array.from({ length: 60 }, async () => {
        for (let times = 0; times < 20; times += 1) {
          const name = random.pick(NAMES);
          const rows = await queryIn(five, named(name), 'SELECT owner FROM whose');
          expect(rows).toEqual([{ owner: name }]);
        }
      });
      await Promise.all(borrowers);
    });
    const { open, opened, reused, turned } = five.stats();
    expect([open, opened, reused + turned + opened]).toEqual([5, 5, 1_200]);
    expect(turned).toBeGreaterThan(0);
  });

  if (engine === 'sqlite') return;

  describe('a connection that the server ends', () => {
    const kill = (id: number) => setup.admin!(`KILL ${id}`);

    it('while it is idle, is replaced by the next lease', async () => {
      const lease = await one.lease({ database: named('a') });
      const id = await idOf(lease);
      lease.release();
      await kill(id);
      await until('the pool knows', () => one.stats().open === 0);
      expect(await queryIn(one, named('a'), 'SELECT owner FROM whose')).toEqual([{ owner: 'a' }]);
      expect(one.stats()).toMatchObject({ open: 1, idle: 1, leased: 0, opened: 2 });
    });

    it('while it is leased, keeps its place until its release, and is never lent again', async () => {
      const lease = await one.lease({ database: named('a') });
      const id = await idOf(lease);
      const waiting = Promise.resolve(one.lease({ database: named('a') }));
      await kill(id);
      await until('the lease fails', async () => (await codeOf(() => idOf(lease))) !== undefined);
      expect(one.stats()).toMatchObject({ open: 1, leased: 1, waiting: 1 });
      lease.release();
      const next = await waiting;
      expect(await idOf(next)).not.toBe(id);
      next.release();
      expect(one.stats()).toMatchObject({ open: 1, leased: 0, waiting: 0, opened: 2 });
    });

    it('while it runs a query, fails that query', async () => {
      const lease = await one.lease({ database: named('a') });
      const id = await idOf(lease);
      const running = codeOf(() => query(lease, 'SELECT SLEEP(60)'));
      await kill(id);
      expect(await running).toBeDefined();
      lease.release();
      expect(await queryIn(one, named('b'), 'SELECT owner FROM whose')).toEqual([{ owner: 'b' }]);
    });
  });

  it('a query that nobody waits for does not hold up the next lease, nor run in it', async () => {
    const lease = await one.lease({ database: named('a') });
    const id = await idOf(lease);
    const forgotten = codeOf(() => query(lease, 'SELECT SLEEP(60)'));
    lease.release();
    const next = await one.lease({ database: named('b') });
    expect(await idOf(next)).not.toBe(id);
    next.release();
    // Who forgot to await it is told, and not left waiting for a connection that was given up.
    expect(await forgotten).toBeInstanceOf(Error);
  });

  it('works again after the server was away, without anything being made anew', async () => {
    const server = await startServer(kindOf(engine));
    try {
      await server.query('CREATE DATABASE kept');
      await server.query("CREATE TABLE kept.whose AS SELECT 'kept' AS owner");
      await survivesRestart(server, poolAt(server.url, { maxConnections: 2 }));
    } finally {
      await server.stop();
    }
  });
});

async function survivesRestart(server: RunningServer, pool: ServerPool): Promise<void> {
  const select = 'SELECT owner FROM whose';
  const leased = await pool.lease({ database: 'kept' });
  expect(await queryIn(pool, 'kept', select)).toEqual([{ owner: 'kept' }]);
  await server.kill();
  expect(await codeOf(() => query(leased, select))).toBeDefined();
  leased.release();
  await until('the pool knows', () => pool.stats().open === 0);
  expect(await codeOf(() => queryIn(pool, 'kept', select))).toBe('SERVER_UNREACHABLE');
  await server.restart();
  expect(await queryIn(pool, 'kept', select)).toEqual([{ owner: 'kept' }]);
  expect(pool.stats()).toMatchObject({ open: 1, opening: 0, idle: 1, leased: 0, waiting: 0 });
}

/** The URL of an account that the server itself does not let have more connections. */
async function urlOfAccount(setup: EngineSetup, maxConnections: number): Promise<string> {
  if (setup.admin === undefined) return setup.serverUrl;
  const user = `limited_${randomBytes(4).toString('hex')}`;
  await setup.admin(
    `CREATE USER '${user}'@'%' IDENTIFIED BY 'secret' WITH MAX_USER_CONNECTIONS ${maxConnections}`,
  );
  await setup.admin(`GRANT ALL ON *.* TO '${user}'@'%'`);
  const url = new URL(setup.serverUrl);
  url.username = user;
  url.password = 'secret';
  return url.href;
}

function kindOf(engine: string): ServerKind {
  return engine === 'mysql' ? 'mysql' : 'mariadb';
}
