import { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { ServerEngine } from '../../lib/database/engines/engine.js';
import { ServerUnreachableError } from '../../lib/database/errors.js';
import { ServerPool } from '../../lib/database/pool/server-pool.js';
import { codeOf } from '../support/rejection.js';
import { until } from '../support/until.js';
import { FakeEngine, type PendingOpen } from './fake-engine.js';

const notAskedFor = () => {
  throw new Error('Not asked for here');
};
const AWAY = new ServerUnreachableError('fake', 'here', 'No');

describe('a pool that ends while its server is away, and is being tried,', () => {
  let engine: FakeEngine;
  let tried: PendingOpen;

  beforeEach(async () => {
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
    const pool = new ServerPool(whole, { server: 'fake', ...times, ...bounds }, new EventEmitter());
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
    engine.settle(tried, AWAY);
    // The second pause before a try is 200 ms at the most.
    await pause(300);
    expect(engine.opening.size).toBe(0);
  });
});
