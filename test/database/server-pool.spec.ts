import { setImmediate as turn } from 'node:timers/promises';
import type { Lease } from '../../lib/database/pool/pooled-connection.js';
import type { ServerPool, ServerPoolOptions } from '../../lib/database/pool/server-pool.js';
import { databasesOf, type Databases } from '../support/databases.js';
import { dropDatabase } from '../support/drop-database.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { codeOf } from '../support/rejection.js';
import { until } from '../support/until.js';
import { poolOn, query, queryIn } from './pool-on.js';

/** Whether `promise` is still open after everything that could happen by itself has happened. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol('open');
  for (let turns = 0; turns < 20; turns += 1) await turn();
  return (await Promise.race([promise, Promise.resolve(open)])) === open;
}

describe.each(engines)('on $name', ({ prepare }) => {
  let setup: EngineSetup;
  let databases: Databases;
  const pools: ServerPool[] = [];
  const pool = (options: Partial<ServerPoolOptions> = {}) => {
    const made = poolOn(setup.serverUrl, options);
    pools.push(made);
    return made;
  };
  const named = (name: string) => setup.databasePrefix + name;
  const whose = (lease: Lease) => query(lease, 'SELECT owner FROM whose');
  const create = async (name: string, owner = name) => {
    await databases.create(named(name));
    await databases.query(named(name), `CREATE TABLE whose AS SELECT '${owner}' AS owner`);
  };

  beforeAll(async () => {
    setup = await prepare();
    databases = databasesOf(setup);
    for (const name of ['a', 'b', 'c']) await create(name);
  });
  afterEach(() => Promise.all(pools.splice(0).map((made) => made.end(0))));
  afterAll(() => setup.cleanUp());

  it('lends the connection that is at the database, else opens one, else turns the oldest', async () => {
    const two = pool({ maxConnections: 2 });
    for (const name of ['a', 'a', 'b', 'b', 'a', 'c', 'a', 'b']) {
      const lease = await two.lease({ database: named(name) });
      expect(await whose(lease)).toEqual([{ owner: name }]);
      lease.release();
      await turn();
    }
    // Idle since longest when c came: b. Then a is still there, and b takes the place of c.
    expect(two.stats()).toMatchObject({ open: 2, idle: 2, opened: 2, reused: 4, turned: 2 });
  });

  it('lends a connection that is there at once, without a promise', async () => {
    const one = pool();
    (await one.lease({ database: named('a') })).release();
    await turn();
    const lease = one.lease({ database: named('a') });
    expect(lease).not.toBeInstanceOf(Promise);
    (await lease).release();
  });

  it('serves first who has the fewest leases, and among equals who came first', async () => {
    const two = pool({ maxConnections: 2 });
    const held = [
      await two.lease({ database: named('a') }),
      await two.lease({ database: named('a') }),
    ];
    const served: string[] = [];
    const waiting = ['a', 'b', 'c'].map(async (name) => {
      const lease = await two.lease({ database: named(name) });
      served.push(name);
      expect(await whose(lease)).toEqual([{ owner: name }]);
      lease.release();
    });
    expect(two.stats()).toMatchObject({ open: 2, leased: 2, waiting: 3 });
    held[0]!.release();
    await Promise.all(waiting);
    held[1]!.release();
    // `a` came first, but has a lease already.
    expect(served).toEqual(['b', 'c', 'a']);
  });

  it('goes on with the same tenant a few times before it turns to another with as few leases', async () => {
    const one = pool({ maxConnections: 1 });
    const first = await one.lease({ database: named('a') });
    const served: string[] = [];
    const waiting = ['b', 'a', 'a', 'a', 'a', 'a'].map(async (name) => {
      const lease = await one.lease({ database: named(name) });
      served.push(name);
      lease.release();
    });
    first.release();
    await Promise.all(waiting);
    expect(served).toEqual(['a', 'a', 'a', 'a', 'b', 'a']);
    expect(one.stats()).toMatchObject({ open: 1, waiting: 0, turned: 2 });
  });

  it('fails who waits with POOL_TIMEOUT when the time is up, and nobody else', async () => {
    const one = pool({ maxConnections: 1, acquireTimeout: 50 });
    const held = await one.lease({ database: named('a') });
    const began = performance.now();
    const failing = [one.lease({ database: named('a') }), one.lease({ database: named('b') })];
    const codes = await Promise.all(failing.map((lease) => codeOf(() => lease)));
    expect(codes).toEqual(['POOL_TIMEOUT', 'POOL_TIMEOUT']);
    // node's timers are whole milliseconds.
    expect(performance.now() - began).toBeGreaterThan(48);
    expect(one.stats()).toMatchObject({ timeouts: 2, waiting: 0, leased: 1 });
    held.release();
    expect(await queryIn(one, named('b'), 'SELECT owner FROM whose')).toEqual([{ owner: 'b' }]);
  });

  it('gives the place of a connection that could not be opened to who waits', async () => {
    const one = pool({ maxConnections: 1 });
    const failing = codeOf(() => one.lease({ database: named('missing') }));
    const waiting = one.lease({ database: named('a') });
    expect(one.stats()).toMatchObject({ opening: 1, waiting: 1 });
    expect(await failing).toBe('TENANT_DATABASE_MISSING');
    const lease = await waiting;
    expect(await whose(lease)).toEqual([{ owner: 'a' }]);
    lease.release();
  });

  it('says that a database is missing when it turns to it, too, and goes on with the connection', async () => {
    const one = pool({ maxConnections: 1 });
    const select = 'SELECT owner FROM whose';
    expect(await queryIn(one, named('a'), select)).toEqual([{ owner: 'a' }]);
    expect(await codeOf(() => one.lease({ database: named('missing') }))).toBe(
      'TENANT_DATABASE_MISSING',
    );
    expect(await queryIn(one, named('b'), select)).toEqual([{ owner: 'b' }]);
    expect(one.stats()).toMatchObject({ open: 1, leased: 0, waiting: 0 });
  });

  it('takes a second release for nothing, also when somebody else has the connection', async () => {
    const one = pool({ maxConnections: 1 });
    const first = await one.lease({ database: named('a') });
    first.release();
    const second = await one.lease({ database: named('a') });
    first.release();
    expect(one.stats()).toMatchObject({ leased: 1, idle: 0 });
    expect(
      await isPending(
        Promise.resolve(one.lease({ database: named('a') })).then((l) => l.release()),
      ),
    ).toBe(true);
    second.release();
  });

  it('refuses the use of a connection after its release', async () => {
    const one = pool({ maxConnections: 1 });
    const released = await one.lease({ database: named('a') });
    released.release();
    const other = await one.lease({ database: named('b') });
    expect(await codeOf(() => whose(released))).toBe('LEASE_RELEASED');
    expect(await whose(other)).toEqual([{ owner: 'b' }]);
    other.release();
  });

  describe('drain', () => {
    it('waits for the leases of the database, closes its connections, and touches no other', async () => {
      const three = pool({ maxConnections: 3 });
      const [a, alsoA, b] = await Promise.all(
        ['a', 'a', 'b'].map(async (name) => three.lease({ database: named(name) })),
      );
      alsoA!.release();
      const drained = three.drain(named('a'), 10_000);
      expect(await isPending(drained)).toBe(true);
      a!.release();
      await drained;
      expect(three.stats()).toMatchObject({ open: 1, leased: 1, idle: 0 });
      expect(await whose(b!)).toEqual([{ owner: 'b' }]);
      b!.release();
    });

    it.each([
      ['opened', 2],
      ['turned', 1],
    ])('waits for a lease whose connection is being %s', async (_how, maxConnections) => {
      const some = pool({ maxConnections });
      (await some.lease({ database: named('b') })).release();
      await turn();
      const leasing = some.lease({ database: named('a') });
      const drained = some.drain(named('a'), 10_000);
      const lease = await leasing;
      expect(await isPending(drained)).toBe(true);
      lease.release();
      await drained;
      expect(await whose(await some.lease({ database: named('b') }))).toEqual([{ owner: 'b' }]);
    });

    it('ends although the lease that it waits for could not be had', async () => {
      const one = pool();
      const failing = codeOf(() => one.lease({ database: named('missing') }));
      await one.drain(named('missing'), 10_000);
      expect(await failing).toBe('TENANT_DATABASE_MISSING');
    });
  });

  describe('end', () => {
    it('refuses new leases and those that wait, and waits for what is leased', async () => {
      const one = pool({ maxConnections: 1 });
      const held = await one.lease({ database: named('a') });
      const waiting = codeOf(() => one.lease({ database: named('b') }));
      const ended = one.end(10_000);
      expect(await waiting).toBe('POOL_CLOSED');
      expect(await codeOf(() => one.lease({ database: named('a') }))).toBe('POOL_CLOSED');
      expect(await isPending(ended)).toBe(true);
      expect(await whose(held)).toEqual([{ owner: 'a' }]);
      held.release();
      expect(await ended).toBe(0);
      await until('it is closed', () => one.stats().open === 0);
      expect(one.stats()).toMatchObject({ idle: 0, leased: 0 });
    });

    it('cuts what is still leased when the time is up, and says how much that was', async () => {
      const one = pool({ maxConnections: 1 });
      const held = await one.lease({ database: named('a') });
      expect(await one.end(20)).toBe(1);
      expect(await codeOf(() => whose(held))).toBeDefined();
      held.release();
      await until('it is closed', () => one.stats().open === 0);
    });

    it('closes a connection that is being opened', async () => {
      const one = pool();
      const opening = codeOf(() => one.lease({ database: named('a') }));
      await one.end(0);
      expect(await opening).toBe('POOL_CLOSED');
      await until('it is closed', () => one.stats().open === 0);
      expect(one.stats()).toMatchObject({ opening: 0 });
    });
  });

  it('finds a database again that was dropped and made anew by somebody else', async () => {
    const one = pool({ maxConnections: 1 });
    const select = 'SELECT owner FROM whose';
    await create('moved', 'before');
    expect(await queryIn(one, named('moved'), select)).toEqual([{ owner: 'before' }]);
    await dropDatabase(setup, named('moved'));
    await expect(queryIn(one, named('moved'), select)).rejects.toThrow();
    await expect(queryIn(one, named('moved'), select)).rejects.toThrow();
    await create('moved', 'after');
    // What was open when it was dropped may have to find out by failing once more.
    await queryIn(one, named('moved'), select).catch(() => undefined);
    expect(await queryIn(one, named('moved'), select)).toEqual([{ owner: 'after' }]);
    expect(await queryIn(one, named('a'), select)).toEqual([{ owner: 'a' }]);
  });

  it('sees a database that was replaced while its connection was idle', async () => {
    const one = pool({ maxConnections: 1 });
    const select = 'SELECT owner FROM whose';
    await create('replaced', 'before');
    expect(await queryIn(one, named('replaced'), select)).toEqual([{ owner: 'before' }]);
    await dropDatabase(setup, named('replaced'));
    await create('replaced', 'after');
    await queryIn(one, named('replaced'), select).catch(() => undefined);
    expect(await queryIn(one, named('replaced'), select)).toEqual([{ owner: 'after' }]);
  });
});
