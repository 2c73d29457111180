import { EventEmitter } from 'node:events';
import type { ServerEngine } from '../../lib/database/engines/engine.js';
import { ServerUnreachableError } from '../../lib/database/errors.js';
import { ServerPool } from '../../lib/database/pool/server-pool.js';
import { codeOf } from '../support/rejection.js';
import { until } from '../support/until.js';
import { FakeEngine, type FakeConnection, type PendingOpen } from './fake-engine.js';

const notAskedFor = () => {
  throw new Error('Not asked for here');
};
const AWAY = new ServerUnreachableError('fake', 'here', 'No');

let engine: FakeEngine;
let pool: ServerPool;

beforeEach(() => {
  engine = new FakeEngine();
  const copies = { circumstances: notAskedFor, dump: notAskedFor, replay: notAskedFor };
  const whole: ServerEngine = Object.assign(engine, {
    administer: notAskedFor,
    schemaChanges: {
      commitByThemselves: false,
      withLock: notAskedFor,
      isInEffect: notAskedFor,
      copies,
    },
  });
  const times = { acquireTimeout: 60_000, idleTimeout: 60_000, longLease: 60_000 };
  const bounds = { maxConnections: 2, maxConnectionsPerTenant: 2, maxWaiting: 10 };
  pool = new ServerPool(whole, { server: 'fake', ...times, ...bounds }, new EventEmitter());
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
