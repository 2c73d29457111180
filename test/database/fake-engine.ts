import { EventEmitter } from 'node:events';
import type { ServerEngine } from '../../lib/database/engines/engine.js';
import type {
  Lease,
  PooledConnection,
  SessionTarget,
} from '../../lib/database/pool/pooled-connection.js';
import { ServerPool, type ServerPoolOptions } from '../../lib/database/pool/server-pool.js';

/** Something that the pool waits for, until the test decides how it ends. */
export class Pending<T> {
  readonly promise: Promise<T>;
  succeed!: (value: T) => void;
  fail!: (error: Error) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.succeed = resolve;
      this.fail = reject;
    });
  }
}

export interface PendingOpen {
  readonly database: string;
  readonly done: Pending<FakeConnection>;
}

/** An engine whose connections open, turn and break when the test says so, for interleavings that no server repeats. */
export class FakeEngine implements Pick<ServerEngine, 'open'> {
  readonly opening = new Set<PendingOpen>();
  readonly connections = new Set<FakeConnection>();

  /** Connections that count against the bound. */
  get size(): number {
    return this.opening.size + this.connections.size;
  }

  open({ database }: SessionTarget): Promise<FakeConnection> {
    const pending = { database, done: new Pending<FakeConnection>() };
    this.opening.add(pending);
    return pending.done.promise;
  }

  /** Lets a connection open, or fail to. */
  settle(pending: PendingOpen, error?: Error): void {
    this.opening.delete(pending);
    if (error !== undefined) return pending.done.fail(error);
    const connection = new FakeConnection(pending.database, () =>
      this.connections.delete(connection),
    );
    this.connections.add(connection);
    pending.done.succeed(connection);
  }
}

export class FakeConnection implements PooledConnection {
  broken = false;
  soiled = false;
  demoted = false;
  onBroken?: () => void;
  lease?: FakeLease;
  turning?: { readonly to: string; readonly done: Pending<void> };

  constructor(
    public database: string,
    private readonly closed: () => void,
  ) {}

  lend(giveBack: () => void): FakeLease {
    if (this.lease !== undefined) throw new Error('Lent twice at once');
    if (this.broken) throw new Error('Lent although broken');
    if (this.soiled) throw new Error('Lent although soiled');
    if (this.turning !== undefined) throw new Error('Lent while it is turned');
    return (this.lease = new FakeLease(this, giveBack));
  }

  async turn({ database }: SessionTarget): Promise<void> {
    if (this.lease !== undefined) throw new Error('Turned while it is lent');
    if (this.turning !== undefined) throw new Error('Turned twice at once');
    this.database = '';
    this.turning = { to: database, done: new Pending<void>() };
    try {
      await this.turning.done.promise;
    } finally {
      this.turning = undefined;
    }
    this.database = database;
    this.soiled = false;
  }

  /** The link breaks by itself. */
  breakDown(): void {
    if (this.broken) return;
    this.broken = true;
    this.turning?.done.fail(new Error('The link broke'));
    this.onBroken?.();
  }

  cut(): void {
    this.breakDown();
  }

  async close(): Promise<void> {
    if (this.lease !== undefined) throw new Error('Closed while it is lent');
    this.broken = true;
    this.closed();
  }
}

export class FakeLease implements Lease {
  constructor(
    readonly connection: FakeConnection,
    private readonly giveBack: () => void,
  ) {}

  release(): void {
    this.connection.lease = undefined;
    this.giveBack();
  }
}

type Bounds = Pick<ServerPoolOptions, 'maxConnections' | 'maxConnectionsPerTenant'>;

/** A pool over `engine` that waits for a minute. */
export function poolOf(engine: FakeEngine, bounds: Bounds): ServerPool {
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
  const options = { server: 'fake', maxWaiting: 1_000, ...times, ...bounds };
  return new ServerPool(whole, options, new EventEmitter());
}

function notAskedFor(): never {
  throw new Error('Not asked for here');
}
