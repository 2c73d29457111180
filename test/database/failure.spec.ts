import { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { BreakerChange } from '../../lib/database/pool/circuit-breaker.js';
import type { PoolEvents } from '../../lib/database/pool/pool-events.js';
import type { ServerPool } from '../../lib/database/pool/server-pool.js';
import { describeServers } from '../support/describe-servers.js';
import { codeOf } from '../support/rejection.js';
import { startServer, type RunningServer } from '../support/servers/index.js';
import { until } from '../support/until.js';
import { poolOn, query, queryIn } from './pool-on.js';

const SELECT = 'SELECT owner FROM whose';
/** How the socket says that the other end is gone. */
const CUT = /PROTOCOL_CONNECTION_LOST|ECONNRESET/;

describeServers('when a %s server fails', (kind) => {
  let server: RunningServer;
  let pool: ServerPool;
  let changes: BreakerChange[];

  const poolAs = (url: string, options: Parameters<typeof poolOn>[1] = {}): ServerPool => {
    const events = new EventEmitter<PoolEvents>();
    changes = [];
    events.on('breaker', (change) => changes.push(change));
    return poolOn(url, { maxConnections: 3, connectTimeout: 500, ...options }, events);
  };
  const owner = () => queryIn(pool, 'a', SELECT);
  const untilRefused = () =>
    until('it is unavailable', async () => (await codeOf(owner)) === 'SERVER_UNAVAILABLE');
  /** Milliseconds until a tenant is served, by the clock of who asks again and again. */
  const untilServed = async (): Promise<number> => {
    const start = performance.now();
    await until('it is served', async () => (await codeOf(owner)) === undefined);
    return performance.now() - start;
  };

  beforeEach(async () => {
    server = await startServer(kind, { settings: ['--wait-timeout=2'] });
    for (const name of ['a', 'b']) {
      await server.query(`CREATE DATABASE ${name}`);
      await server.query(`CREATE TABLE ${name}.whose AS SELECT '${name}' AS owner`);
    }
    pool = poolAs(server.url);
  });
  afterEach(async () => {
    await pool.end(0);
    await server.stop();
  });

  it('by being killed: refuses at once, and serves again within 2 s of its return', async () => {
    expect(await owner()).toEqual([{ owner: 'a' }]);
    const running = codeOf(() => queryIn(pool, 'b', 'SELECT SLEEP(60)'));
    await until('it runs', () => pool.stats().leased === 1);
    await server.kill();
    expect(String(await running)).toMatch(CUT);
    await untilRefused();
    const start = performance.now();
    for (let times = 0; times < 100; times += 1) {
      expect(await codeOf(owner)).toBe('SERVER_UNAVAILABLE');
    }
    expect((performance.now() - start) / 100).toBeLessThan(5);
    expect(pool.stats()).toMatchObject({ open: 0, waiting: 0, leased: 0 });
    expect(pool.stats().breaker).not.toBe('closed');

    await server.restart();
    expect(await untilServed()).toBeLessThan(2_000);
    expect(pool.stats().breaker).toBe('closed');
    expect(changes.map(({ to }) => to)).toEqual(
      expect.arrayContaining(['open', 'half-open', 'closed']),
    );
    expect(changes[0]).toMatchObject({ from: 'closed', to: 'open', cause: expect.any(Error) });
  });

  it('by accepting and never answering: fails what hangs, refuses, and serves again', async () => {
    // All are leased, so that the server can be asked with none of them.
    const hanging = Array.from({ length: 3 }, () =>
      codeOf(() => queryIn(pool, 'a', 'SELECT SLEEP(30)')),
    );
    await until('they run', () => pool.stats().leased === 3);
    const waiting = codeOf(owner);
    process.kill(server.pid, 'SIGSTOP');
    try {
      expect(await Promise.all(hanging)).toEqual(Array(3).fill('SERVER_UNREACHABLE'));
      expect(await waiting).toBe('SERVER_UNAVAILABLE');
      expect(await codeOf(owner)).toBe('SERVER_UNAVAILABLE');
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
    expect(await untilServed()).toBeLessThan(2_000);
    expect(pool.stats()).toMatchObject({ leased: 0, waiting: 0 });
  });

  it('not: a long query that sends nothing for seconds is left alone', async () => {
    const long = Array.from({ length: 3 }, () => queryIn(pool, 'a', 'SELECT SLEEP(3.5)'));
    for (const rows of await Promise.all(long)) expect(rows).toHaveLength(1);
    expect(changes).toEqual([]);
  });

  it('by cutting all connections: who runs a query is told, and nobody after', async () => {
    const running = codeOf(() => queryIn(pool, 'b', 'SELECT SLEEP(60)'));
    const [first, second] = [
      await pool.lease({ database: 'a' }),
      await pool.lease({ database: 'b' }),
    ];
    first.release();
    second.release();
    await killAll(server);
    expect(String(await running)).toMatch(CUT);
    await until('it knows', () => pool.stats().open === 0);
    for (let times = 0; times < 5; times += 1) expect(await owner()).toEqual([{ owner: 'a' }]);
    expect(changes).toEqual([]);
  });

  it('by closing what idles: no query is lost to wait_timeout', async () => {
    for (const idle of [0, 900, 1_200, 1_900, 2_100]) {
      // Past the point at which the server closes it, before, and about.
      await pause(idle);
      expect(await owner()).toEqual([{ owner: 'a' }]);
    }
  }, 20_000);

  it('by becoming a replica: all connections are renewed, and lead to the primary again', async () => {
    await server.query(`CREATE USER app IDENTIFIED BY 'app'`);
    await server.query(`GRANT SELECT, INSERT ON *.* TO app`);
    pool = poolAs(urlAs('app', server));
    const leases = [await pool.lease({ database: 'a' }), await pool.lease({ database: 'b' })];
    leases[0]!.release();
    await server.query('SET GLOBAL read_only = 1');
    expect(await codeOf(() => query(leases[1]!, `INSERT INTO whose VALUES ('x')`))).toBeDefined();
    leases[1]!.release();
    await until('all are closed', () => pool.stats().open === 0);
    expect(pool.stats().closed.failover).toBe(2);
    await server.query('SET GLOBAL read_only = 0');
    await queryIn(pool, 'b', `INSERT INTO whose VALUES ('x')`);
    expect(changes).toEqual([]);
  });

  it('by having no place for one more: waits for those that are open', async () => {
    await server.query(`CREATE USER app IDENTIFIED BY 'app' WITH MAX_USER_CONNECTIONS 2`);
    await server.query(`GRANT SELECT ON *.* TO app`);
    pool = poolAs(urlAs('app', server));
    const leases = [await pool.lease({ database: 'a' }), await pool.lease({ database: 'b' })];
    const third = owner();
    await until('it waits', () => pool.stats().waiting === 1);
    leases.forEach((lease) => lease.release());
    expect(await third).toEqual([{ owner: 'a' }]);
    expect(pool.stats()).toMatchObject({ open: 2, leased: 0, waiting: 0 });
    expect(changes).toEqual([]);
  });

  it.each([0, 1])(
    'by having no place for one more: turns one that is idle, while %d are in use',
    async (inUse) => {
      await server.query(`CREATE DATABASE c`);
      await server.query(`CREATE USER app IDENTIFIED BY 'app' WITH MAX_USER_CONNECTIONS 2`);
      await server.query(`GRANT SELECT ON *.* TO app`);
      pool = poolAs(urlAs('app', server));
      const leases = [await pool.lease({ database: 'a' }), await pool.lease({ database: 'b' })];
      for (const lease of leases.slice(inUse)) lease.release();
      expect(await queryIn(pool, 'c', 'SELECT DATABASE() AS name')).toEqual([{ name: 'c' }]);
      expect(pool.stats()).toMatchObject({ open: 2, leased: inUse, turned: 1, waiting: 0 });
      for (const lease of leases) lease.release();
      expect(changes).toEqual([]);
    },
  );
});

function urlAs(user: string, { url }: RunningServer): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${user}:${user}@${host}`;
}

async function killAll(server: RunningServer): Promise<void> {
  const rows = await server.query<{ id: number }>(
    'SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user = "root"',
  );
  for (const { id } of rows) await server.query(`KILL ${id}`);
}
