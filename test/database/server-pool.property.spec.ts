import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import type { ServerEngine } from '../../lib/database/engines/engine.js';
import { ServerPool } from '../../lib/database/server-pool.js';
import { seeded, type Seeded } from '../support/seeded.js';
import { FakeEngine, type FakeConnection, FakeLease } from './fake-engine.js';

const DATABASES = ['a', 'b', 'c', 'd'];

/** A pool over a fake engine, driven at random, with what its callers hold and wait for. */
class Scenario {
  readonly engine = new FakeEngine();
  readonly pool: ServerPool;
  readonly held = new Set<FakeLease>();
  unsettled = 0;

  constructor(
    private readonly random: Seeded,
    private readonly maxConnections: number,
  ) {
    const engine: ServerEngine = Object.assign(this.engine, {
      administer: () => {
        throw new Error('Not asked for here');
      },
    });
    this.pool = new ServerPool(
      engine,
      { server: 'fake', maxConnections, acquireTimeout: 60_000 },
      new EventEmitter(),
    );
  }

  async step(): Promise<void> {
    const { random, engine } = this;
    const [open, opening] = [[...engine.connections], [...engine.opening]];
    const turning = open.filter((connection) => connection.turning !== undefined);
    const roll = random.below(100);
    if (roll < 40) this.lease(random.pick(DATABASES));
    else if (roll < 65 && this.held.size > 0) this.release(random.pick([...this.held]));
    else if (roll < 75 && opening.length > 0) {
      const fails = random.below(3) === 0;
      engine.settle(random.pick(opening), fails ? new Error('Refused') : undefined);
    } else if (roll < 90 && turning.length > 0) this.settleTurn(random.pick(turning));
    else if (roll < 97 && open.length > 0) random.pick(open).breakDown();
    else if (roll >= 97) void this.pool.drain(random.pick(DATABASES));
    await turn();
    this.check();
  }

  lease(database: string): void {
    this.unsettled += 1;
    Promise.resolve(this.pool.lease(database)).then(
      (lease) => {
        this.unsettled -= 1;
        if (!(lease instanceof FakeLease)) throw new Error('Not a lease of the fake engine');
        if (lease.connection.database !== database) throw new Error('Lent at another database');
        this.held.add(lease);
      },
      () => {
        this.unsettled -= 1;
      },
    );
  }

  /** With the last wish of its borrower: to leave it soiled, or broken, or clean. */
  release(lease: FakeLease): void {
    const { connection } = lease;
    const roll = this.random.below(6);
    if (roll === 0) connection.broken = true;
    if (roll === 1) connection.soiled = true;
    this.held.delete(lease);
    lease.release();
  }

  settleTurn(connection: FakeConnection): void {
    const { turning } = connection;
    const roll = this.random.below(6);
    if (roll === 0) connection.breakDown();
    else if (roll === 1) turning?.done.fail(new Error('No such database'));
    else turning?.done.succeed();
  }

  /** What must hold whenever nothing moves. */
  check(): void {
    const { engine, pool, maxConnections } = this;
    const stats = pool.stats();
    const turning = [...engine.connections].filter((one) => one.turning !== undefined).length;
    const problems = {
      'more connections than allowed': engine.size > maxConnections,
      'open is not what is open': stats.open !== engine.connections.size,
      'opening is not what opens': stats.opening !== engine.opening.size,
      'leased is not what is held': stats.leased !== this.held.size,
      'open is not idle + leased + turning': stats.open !== stats.idle + stats.leased + turning,
      'somebody waits while a connection is idle': stats.waiting > 0 && stats.idle > 0,
      'somebody waits while there is room': stats.waiting > 0 && engine.size < maxConnections,
    };
    const found = Object.entries(problems).filter(([, is]) => is);
    if (found.length === 0) return;
    throw new Error(`${found.map(([name]) => name).join(', ')}: ${JSON.stringify(stats)}`);
  }

  /** Lets everything come to its end: whoever waited must get a connection or an error. */
  async finish(): Promise<void> {
    const { engine, held } = this;
    for (let turns = 0; this.unsettled > 0 || held.size > 0; turns += 1) {
      if (turns > 1_000) throw new Error(`Some wait forever: ${JSON.stringify(this.pool.stats())}`);
      engine.opening.forEach((pending) => engine.settle(pending));
      engine.connections.forEach(({ turning }) => turning?.done.succeed());
      held.forEach((lease) => this.release(lease));
      await turn();
      this.check();
    }
  }
}

it.each([1, 2, 5])('keeps its promises with at most %d connections', async (maxConnections) => {
  const served = { reused: 0, turned: 0, opened: 0 };
  await seeded(async (random) => {
    for (let round = 0; round < 40; round += 1) {
      const scenario = new Scenario(random, maxConnections);
      try {
        for (let steps = 0; steps < 100; steps += 1) await scenario.step();
        await scenario.finish();
      } finally {
        await scenario.pool.end();
      }
      const { reused, turned, opened } = scenario.pool.stats();
      served.reused += reused;
      served.turned += turned;
      served.opened += opened;
      // What was being turned at the end is closed when it comes back.
      scenario.engine.connections.forEach(({ turning }) => turning?.done.succeed());
      await turn();
      expect(scenario.engine.connections.size).toBe(0);
    }
  });
  // A run in which nothing of a kind happened would prove nothing of it.
  expect(Math.min(...Object.values(served))).toBeGreaterThan(0);
});
