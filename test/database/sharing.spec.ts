import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { runCentrally } from '../../lib/context/tenant-context.js';
import type { PoolEvents } from '../../lib/database/pool/pool-events.js';
import type { LeaseTarget } from '../../lib/database/pool/lease-request.js';
import type { ServerPool } from '../../lib/database/pool/server-pool.js';
import { databasesOf } from '../support/databases.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { codeOf } from '../support/rejection.js';
import { until } from '../support/until.js';
import { poolOn, query } from './pool-on.js';

describe.each(engines)('on $name, connections are shared:', ({ prepare }) => {
  let setup: EngineSetup;
  let events: EventEmitter<PoolEvents>;
  const pools: ServerPool[] = [];
  const pool = (options: Parameters<typeof poolOn>[1]) => {
    events = new EventEmitter<PoolEvents>();
    const made = poolOn(setup.serverUrl, options, events);
    pools.push(made);
    return made;
  };
  const at = (name: string, share?: LeaseTarget['share']): LeaseTarget => ({
    database: setup.databasePrefix + name,
    share,
  });
  const lease = async (from: ServerPool, name: string, share?: LeaseTarget['share']) =>
    from.lease(at(name, share));

  beforeAll(async () => {
    setup = await prepare();
    const databases = databasesOf(setup);
    for (const name of ['a', 'b', 'c']) await databases.create(setup.databasePrefix + name);
  });
  afterEach(() => Promise.all(pools.splice(0).map((made) => made.end(0))));
  afterAll(() => setup.cleanUp());

  it('a tenant has no more than its ceiling, though others are idle', async () => {
    const four = pool({ maxConnections: 4, maxConnectionsPerTenant: 2 });
    const held = [await lease(four, 'a'), await lease(four, 'a')];
    const third = lease(four, 'a');
    (await lease(four, 'b')).release();
    expect(four.stats()).toMatchObject({ leased: 2, idle: 1, waiting: 1 });
    held[0]!.release();
    (await third).release();
    held[1]!.release();
    // One that its plan says is larger, or smaller, goes before the server's.
    const more = [1, 2, 3].map(() => lease(four, 'b', { max: 3 }));
    for (const one of await Promise.all(more)) one.release();
    const only = await lease(four, 'c', { max: 1 });
    const next = lease(four, 'c', { max: 1 });
    expect(four.stats().waiting).toBe(1);
    only.release();
    (await next).release();
  });

  it('a busy tenant is served in time, though somebody with fewer leases waits at every moment', async () => {
    const two = pool({ maxConnections: 2, acquireTimeout: 600 });
    const held = await lease(two, 'a');
    const done = new AbortController();
    const again = async (name: string) => {
      while (!done.signal.aborted) {
        (await lease(two, name)).release();
        await turn();
      }
    };
    const others = ['b', 'c', 'b', 'c', 'b', 'c'].map(again);
    try {
      (await lease(two, 'a')).release();
    } finally {
      done.abort();
      await Promise.all(others);
      held.release();
    }
    expect(two.stats()).toMatchObject({ timeouts: 0, waiting: 0 });
  });

  it('what is reserved for a tenant nobody else is given', async () => {
    const three = pool({ maxConnections: 3 });
    const share = { reserved: 2 };
    (await lease(three, 'a', share)).release();
    const other = await lease(three, 'b');
    const waiting = lease(three, 'b');
    expect(three.stats()).toMatchObject({ leased: 1, waiting: 1 });
    const own = [await lease(three, 'a', share), await lease(three, 'a', share)];
    expect(three.stats()).toMatchObject({ leased: 3, waiting: 1 });
    own.forEach((one) => one.release());
    expect(three.stats().waiting).toBe(1);
    other.release();
    (await waiting).release();
  });

  it('a reserve of all connections is refused in part, and that is told', async () => {
    const two = pool({ maxConnections: 2 });
    const refused: unknown[] = [];
    events.on('reserve-refused', (reserve) => refused.push(reserve));
    (await lease(two, 'a', { reserved: 2 })).release();
    const { database } = at('a');
    expect(refused).toEqual([{ server: 'main', database, wanted: 2, kept: 1 }]);
    (await lease(two, 'b')).release();
  });

  it('no more wait than may: the next is refused at once', async () => {
    const one = pool({ maxConnections: 1, maxWaiting: 1 });
    const held = await lease(one, 'a');
    const waiting = lease(one, 'a');
    expect(await codeOf(() => lease(one, 'b'))).toBe('POOL_QUEUE_FULL');
    expect(one.stats()).toMatchObject({ waiting: 1, refused: 1 });
    held.release();
    (await waiting).release();
  });

  it('who goes away gives up its place, and who went away already is not let in', async () => {
    const one = pool({ maxConnections: 1 });
    const held = await lease(one, 'a');
    const gone = new AbortController();
    const waitAs = (signal: AbortSignal) =>
      codeOf(() =>
        runCentrally(
          'test',
          () => lease(one, 'b'),
          () => signal,
        ),
      );
    const waiting = waitAs(gone.signal);
    expect(one.stats().waiting).toBe(1);
    gone.abort();
    expect(await waiting).toBe('LEASE_ABORTED');
    expect(await waitAs(gone.signal)).toBe('LEASE_ABORTED');
    expect(one.stats()).toMatchObject({ waiting: 0, aborted: 2 });
    held.release();
    (await lease(one, 'a')).release();
  });

  it('a connection that idles for long is closed, one that is leased is not', async () => {
    const two = pool({ maxConnections: 2, idleTimeout: 40 });
    const held = await lease(two, 'a');
    (await lease(two, 'b')).release();
    await until('it is closed', () => two.stats().open === 1);
    expect(two.stats()).toMatchObject({ leased: 1, idle: 0, closed: { idle: 1 } });
    expect(await query(held, 'SELECT 1 AS one')).toHaveLength(1);
    held.release();
  });

  it('a lease that is held for long is told once, with where it was taken', async () => {
    const one = pool({ maxConnections: 1, longLease: 40 });
    const told: PoolEvents['long-lease'][0][] = [];
    events.on('long-lease', (long) => told.push(long));
    async function takeAndForget() {
      return await one.lease(at('a'));
    }
    const held = await takeAndForget();
    await until('it is told', () => told.length > 0);
    expect(told).toEqual([
      {
        server: 'main',
        database: at('a').database,
        held: expect.any(Number),
        stack: expect.stringContaining('takeAndForget'),
      },
    ]);
    held.release();
    (await lease(one, 'a')).release();
    expect(told).toHaveLength(1);
  });

  it('who uses them is told by name, the ten who do so the most', async () => {
    const two = pool({ maxConnections: 2 });
    const [first, second] = [await lease(two, 'a'), await lease(two, 'a')];
    const waiting = lease(two, 'b');
    first.release();
    (await waiting).release();
    second.release();
    await until('all are back', () => two.stats().leased === 0);
    const { busiest, hold, wait } = two.stats();
    expect(busiest.map(({ database }) => database).toSorted()).toEqual([
      at('a').database,
      at('b').database,
    ]);
    expect(busiest.find(({ database }) => database === at('a').database)).toMatchObject({
      leases: 2,
      waited: 0,
      held: expect.any(Number),
    });
    expect(hold.p50).toBeGreaterThan(0);
    expect(hold.max).toBeGreaterThanOrEqual(hold.p99);
    expect(wait.max).toBeGreaterThan(0);
  });
});
