import { setImmediate as turn } from 'node:timers/promises';
import { runCentrally } from '../../lib/context/tenant-context.js';
import { ServerUnreachableError } from '../../lib/database/errors.js';
import type { ServerPool } from '../../lib/database/pool/server-pool.js';
import { seeded, type Seeded } from '../support/seeded.js';
import { FakeEngine, type FakeConnection, FakeLease, poolOf } from './fake-engine.js';

const DATABASES = ['a', 'b', 'c', 'd'];

/** A pool over a fake engine, driven at random, with what its callers hold and wait for. */
class Scenario {
  readonly engine = new FakeEngine();
  readonly pool: ServerPool;
  readonly held = new Set<FakeLease>();
  readonly mayGo: AbortController[] = [];
  unsettled = 0;

  constructor(
    private readonly random: Seeded,
    private readonly maxConnections: number,
    private readonly ceiling: number,
  ) {
    this.pool = poolOf(this.engine, { maxConnections, maxConnectionsPerTenant: ceiling });
  }

  async step(): Promise<void> {
    const { random, engine } = this;
    const [open, opening] = [[...engine.connections], [...engine.opening]];
    const turning = open.filter((connection) => connection.turning !== undefined);
    const roll = random.below(100);
    if (roll < 40) this.lease(random.pick(DATABASES));
    else if (roll < 65 && this.held.size > 0) {
      this.release(random.pick([...this.held]));
      // Before anything else happens: what was left soiled may be turned for it.
      if (random.below(3) === 0) this.lease(random.pick(DATABASES));
    } else if (roll < 75 && opening.length > 0) {
      const error = random.pick([
        undefined,
        undefined,
        new Error('No'),
        new ServerUnreachableError('fake', 'here', 'No'),
      ]);
      engine.settle(random.pick(opening), error);
    } else if (roll < 90 && turning.length > 0) this.settleTurn(random.pick(turning));
    else if (roll < 97 && open.length > 0) random.pick(open).breakDown();
    else if (roll === 97 && this.mayGo.length > 0) this.mayGo.pop()?.abort();
    else if (roll >= 98) void this.pool.drain(random.pick(DATABASES), 60_000);
    await turn();
    this.check();
  }

  lease(database: string): void {
    const { random } = this;
    this.unsettled += 1;
    // One in four may be given up while it waits.
    const gone = new AbortController();
    if (random.below(4) === 0) this.mayGo.push(gone);
    const asked = async () =>
      runCentrally(
        'test',
        () => this.pool.lease({ database }),
        () => gone.signal,
      );
    asked().then(
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
    const { engine, pool, maxConnections, ceiling } = this;
    const stats = pool.stats();
    const turning = [...engine.connections].filter((one) => one.turning !== undefined).length;
    const problems = {
      'more connections than allowed': engine.size > maxConnections,
      'open is not what is open': stats.open !== engine.connections.size,
      'opening is not what opens': stats.opening !== engine.opening.size,
      'leased is not what is held': stats.leased !== this.held.size,
      'open is not idle + leased + turning': stats.open !== stats.idle + stats.leased + turning,
      'a tenant has more than its ceiling': this.most() > ceiling,
      'somebody waits while a connection is idle':
        ceiling === maxConnections && stats.waiting > 0 && stats.idle > 0,
      'somebody waits while there is room':
        ceiling === maxConnections && stats.waiting > 0 && engine.size < maxConnections,
    };
    const found = Object.entries(problems).filter(([, is]) => is);
    if (found.length === 0) return;
    throw new Error(`${found.map(([name]) => name).join(', ')}: ${JSON.stringify(stats)}`);
  }

  /** What the tenant with the most leases has. */
  private most(): number {
    const held = [...this.held].map(({ connection }) => connection.database);
    return Math.max(...DATABASES.map((name) => held.filter((one) => one === name).length));
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

it.each([
  [1, 1],
  [2, 2],
  [5, 5],
  [5, 2],
])(
  'keeps its promises with at most %d connections, %d for each',
  async (maxConnections, ceiling) => {
    const served = { reused: 0, turned: 0, opened: 0 };
    await seeded(async (random) => {
      for (let round = 0; round < 40; round += 1) {
        const scenario = new Scenario(random, maxConnections, ceiling);
        try {
          for (let steps = 0; steps < 100; steps += 1) await scenario.step();
          await scenario.finish();
        } finally {
          await scenario.pool.end(0);
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
  },
);
