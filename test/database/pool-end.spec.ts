import { ServerUnreachableError } from '../../lib/database/errors.js';
import type { ServerPool } from '../../lib/database/pool/server-pool.js';
import { codeOf } from '../support/rejection.js';
import { until } from '../support/until.js';
import { FakeEngine, type FakeConnection, type PendingOpen, poolOf } from './fake-engine.js';

const AWAY = new ServerUnreachableError('fake', 'here', 'No');

let engine: FakeEngine;
let pool: ServerPool;

beforeEach(() => {
  engine = new FakeEngine();
  pool = poolOf(engine, { maxConnections: 2, maxConnectionsPerTenant: 2 });
});

describe('a pool that ends when a connection was given back soiled', () => {
  let connection: FakeConnection;
  const open = () => [engine.opening.size, engine.connections.size];

  beforeEach(async () => {
    const leased = pool.lease({ database: 'a' });
    for (const opening of engine.opening) engine.settle(opening);
    const lease = await leased;
    [connection] = engine.connections as unknown as [FakeConnection];
    connection.soiled = true;
    lease.release();
  });

  it('has closed it', async () => {
    expect(await pool.end(60_000)).toBe(0);
    expect(open()).toEqual([0, 0]);
  });

  it('waits until it is cleaned', async () => {
    await until('it is cleaned', () => connection.turning !== undefined);
    const ended = pool.end(60_000).then(open);
    connection.turning?.done.succeed();
    expect(await ended).toEqual([0, 0]);
  });

  it('cuts it when the time is up', async () => {
    await until('it is cleaned', () => connection.turning !== undefined);
    expect(await pool.end(0)).toBe(0);
    await until('it is closed', () => engine.connections.size === 0);
  });
});

describe('a pool that ends while its server is away, and is being tried,', () => {
  let tried: PendingOpen;

  beforeEach(async () => {
    while (pool.available) {
      const asked = codeOf(() => pool.lease({ database: 'a' }));
      for (const opening of engine.opening) engine.settle(opening, AWAY);
      await asked;
    }
    await until('it is tried', () => engine.opening.size === 1);
    [tried] = engine.opening as unknown as [PendingOpen];
    await pool.end(0);
  });

  it('opens no connection when the server is back', async () => {
    engine.settle(tried);
    await until('it is closed', () => engine.connections.size === 0);
  });

  it('does not try it any more', async () => {
    jest.useFakeTimers();
    try {
      engine.settle(tried, AWAY);
      await jest.advanceTimersByTimeAsync(60_000);
    } finally {
      jest.useRealTimers();
    }
    expect(engine.opening.size).toBe(0);
  });
});
