import type { EventEmitter } from 'node:events';
import { runCentrally } from '../context/tenant-context.js';
import { DatabasesInUse } from './databases-in-use.js';
import type { ServerEngine } from './engines/engine.js';
import { PoolClosedError, PoolTimeoutError } from './errors.js';
import { IdleConnections } from './idle-connections.js';
import type { Lease, PooledConnection } from './pooled-connection.js';

export interface ServerPoolOptions {
  readonly server: string;
  readonly maxConnections: number;
  readonly acquireTimeout: number;
}

/** What a pool has and has done since it was made. */
export interface ServerPoolStats {
  readonly server: string;
  readonly maxConnections: number;
  /** Connections now: open = idle + leased + being turned; opening ones are on their way and count against the bound. */
  readonly open: number;
  readonly opening: number;
  readonly idle: number;
  readonly leased: number;
  /** Callers waiting for a connection. */
  readonly waiting: number;
  /** Leases since the start, by how they were served. */
  readonly reused: number;
  readonly turned: number;
  readonly opened: number;
  readonly timeouts: number;
}

interface Waiter {
  readonly database: string;
  readonly resolve: (lease: Promise<Lease>) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * The connections to one server, for all of its tenants. A lease is served by, in this order: an idle connection that
 * is at the database already (no round trip), a new connection while the bound allows (about 2 ms, once), the idle
 * connection that was used longest ago, turned to the database (50 to 90 µs), or the next one that is given back.
 */
export class ServerPool {
  private readonly connections = new Set<PooledConnection>();
  private readonly idle = new IdleConnections();
  private readonly waiters = new Set<Waiter>();
  private readonly inUse = new DatabasesInUse();
  private opening = 0;
  private leased = 0;
  private reused = 0;
  private turned = 0;
  private opened = 0;
  private timeouts = 0;
  private closed = false;

  /** @param events where `connection`, `acquire`, `enqueue` and `release` are told, the names that mysql2's pool uses */
  constructor(
    private readonly engine: ServerEngine,
    private readonly options: ServerPoolOptions,
    private readonly events: EventEmitter,
  ) {}

  /**
   * Borrows a connection whose session is in `database` and otherwise as fresh. Answers at once, without a promise,
   * when an idle connection is there already.
   * @throws PoolTimeoutError, PoolClosedError, ServerUnreachableError, DatabaseMissingError
   */
  lease(database: string): Lease | Promise<Lease> {
    if (this.closed) throw new PoolClosedError(this.options.server);
    const affine = this.takeIdleAt(database);
    if (affine !== undefined) return this.reuse(affine);
    if (this.connections.size + this.opening < this.options.maxConnections) {
      return this.onTheWay(database, () => this.openFor(database));
    }
    const oldest = this.idle.takeOldest();
    return oldest === undefined
      ? this.wait(database)
      : this.onTheWay(database, () => this.turnFor(oldest, database));
  }

  stats(): ServerPoolStats {
    return {
      server: this.options.server,
      maxConnections: this.options.maxConnections,
      open: this.connections.size,
      opening: this.opening,
      idle: this.idle.size,
      leased: this.leased,
      waiting: this.waiters.size,
      reused: this.reused,
      turned: this.turned,
      opened: this.opened,
      timeouts: this.timeouts,
    };
  }

  /** Ends when no connection is in `database` any more: waits for its leases, closes its idle connections. */
  async drain(database: string): Promise<void> {
    await this.inUse.unused(database);
    const idle = this.idle.takeAllAt(database);
    await Promise.all(idle.map((connection) => this.close(connection)));
  }

  /** Refuses new leases, fails those that wait, closes what is idle now and what is leased when it comes back. */
  async end(): Promise<void> {
    this.closed = true;
    for (const waiter of this.waiters) {
      this.forget(waiter);
      waiter.reject(new PoolClosedError(this.options.server));
    }
    await Promise.all(this.idle.takeAll().map((connection) => this.close(connection)));
  }

  private takeIdleAt(database: string): PooledConnection | undefined {
    for (;;) {
      const connection = this.idle.takeAt(database);
      if (connection === undefined || !connection.broken) return connection;
      void this.close(connection);
    }
  }

  private async openFor(database: string): Promise<Lease> {
    this.opening += 1;
    let connection: PooledConnection;
    try {
      // Its socket calls back in the context that opened it. That must not be the tenant's who happened to be first.
      connection = await runCentrally('a pooled connection', () => this.engine.open(database));
    } catch (error) {
      this.opening -= 1;
      this.openForNext();
      throw error;
    }
    this.opening -= 1;
    this.opened += 1;
    this.connections.add(connection);
    // Leased or being turned, it keeps its place until whoever has it is done.
    connection.onBroken = () => {
      if (this.idle.has(connection)) this.discard(connection);
    };
    this.events.emit('connection');
    if (this.closed) {
      void this.close(connection);
      throw new PoolClosedError(this.options.server);
    }
    return this.lend(connection);
  }

  private async turnFor(connection: PooledConnection, database: string): Promise<Lease> {
    try {
      await connection.turn(database);
    } catch (error) {
      if (!connection.broken) {
        this.putBack(connection);
        throw error;
      }
      // The link was dead before anything was asked of it, so nothing can have run: a new connection may serve.
      void this.close(connection);
      return this.openFor(database);
    }
    this.turned += 1;
    return this.lend(connection);
  }

  private reuse(connection: PooledConnection): Lease {
    this.reused += 1;
    this.inUse.enter(connection.database);
    return this.lend(connection);
  }

  /** A connection that is not there yet counts for its database already, so that {@link drain} waits for it, too. */
  private async onTheWay(database: string, arrive: () => Promise<Lease>): Promise<Lease> {
    this.inUse.enter(database);
    try {
      return await arrive();
    } catch (error) {
      this.inUse.leave(database);
      throw error;
    }
  }

  private lend(connection: PooledConnection): Lease {
    const { database } = connection;
    this.leased += 1;
    this.events.emit('acquire');
    return connection.lend(() => {
      this.leased -= 1;
      this.events.emit('release');
      void this.takeBack(connection, database).then(() => this.inUse.leave(database));
    });
  }

  /** Never rejects: nobody awaits it. A connection that cannot be made clean is closed instead. */
  private async takeBack(connection: PooledConnection, database: string): Promise<void> {
    if (connection.broken || this.closed) {
      this.discard(connection);
      return;
    }
    if (connection.soiled) {
      try {
        await connection.turn(database);
      } catch {
        // Why it cannot be cleaned matters to nobody any more: whoever soiled it has its result, and it is closed.
        this.discard(connection);
        return;
      }
    }
    this.putBack(connection);
  }

  private putBack(connection: PooledConnection): void {
    if (this.closed) {
      this.discard(connection);
      return;
    }
    const [waiter] = this.waiters;
    if (waiter === undefined) {
      this.idle.add(connection);
      return;
    }
    this.forget(waiter);
    const { database } = waiter;
    waiter.resolve(
      connection.database === database
        ? Promise.resolve(this.reuse(connection))
        : this.onTheWay(database, () => this.turnFor(connection, database)),
    );
  }

  private discard(connection: PooledConnection): void {
    if (!this.connections.has(connection)) return;
    void this.close(connection);
    this.openForNext();
  }

  /** A place became free without a connection in it. */
  private openForNext(): void {
    const [waiter] = this.waiters;
    if (waiter === undefined || this.closed) return;
    this.forget(waiter);
    waiter.resolve(this.onTheWay(waiter.database, () => this.openFor(waiter.database)));
  }

  private async close(connection: PooledConnection): Promise<void> {
    this.connections.delete(connection);
    this.idle.remove(connection);
    await connection.close();
  }

  private wait(database: string): Promise<Lease> {
    const { server, acquireTimeout, maxConnections } = this.options;
    this.events.emit('enqueue');
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiters.delete(waiter);
        this.timeouts += 1;
        reject(new PoolTimeoutError(server, acquireTimeout, maxConnections, this.waiters.size));
      }, acquireTimeout);
      const waiter: Waiter = { database, resolve, reject, timer };
      this.waiters.add(waiter);
    });
  }

  private forget(waiter: Waiter): void {
    clearTimeout(waiter.timer);
    this.waiters.delete(waiter);
  }
}
