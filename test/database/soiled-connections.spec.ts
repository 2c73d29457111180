import { setImmediate as nextTick } from 'node:timers/promises';
import type { Lease } from '../../lib/database/pool/pooled-connection.js';
import type { ServerPool } from '../../lib/database/pool/server-pool.js';
import { FakeEngine, type FakeConnection, poolOf } from './fake-engine.js';

let engine: FakeEngine;
let pool: ServerPool;
let connection: FakeConnection;

beforeEach(async () => {
  engine = new FakeEngine();
  pool = poolOf(engine, { maxConnections: 2, maxConnectionsPerTenant: 2 });
  const leased = pool.lease({ database: 'a' });
  for (const opening of engine.opening) engine.settle(opening);
  const lease = await leased;
  [connection] = engine.connections as unknown as [FakeConnection];
  giveBackSoiled(lease);
});
afterEach(() => pool.end(0));

function giveBackSoiled(lease: Lease): void {
  connection.soiled = true;
  lease.release();
}

/** As an engine that answers at once. */
async function leaseTurned(database: string): Promise<Lease> {
  const leased = pool.lease({ database });
  connection.turning!.done.succeed();
  return leased;
}

it('a connection that comes back soiled is turned for who asks in the same moment', async () => {
  const lease = await leaseTurned('b');
  await nextTick();
  expect(pool.stats()).toMatchObject({ open: 1, leased: 1 });
  lease.release();
  expect([pool.leasesOf('a'), pool.leasesOf('b')]).toEqual([0, 0]);
});

it('and again in that moment, with each tenant’s leases counted', async () => {
  giveBackSoiled(await leaseTurned('b'));
  giveBackSoiled(await leaseTurned('a'));
  await nextTick();
  connection.turning!.done.succeed();
  await nextTick();
  expect([pool.leasesOf('a'), pool.leasesOf('b')]).toEqual([0, 0]);
  expect(pool.stats()).toMatchObject({ open: 1, idle: 1, leased: 0 });
  await Promise.all(['a', 'b'].map((database) => pool.drain(database, 10_000)));
});
