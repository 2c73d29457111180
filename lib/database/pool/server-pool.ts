import type { EventEmitter } from 'node:events';
import type { ServerEngine } from '../engines/engine.js';
import { DrainTimeoutError, PoolClosedError, ServerFullError } from '../errors.js';
import type { BreakerChange } from './circuit-breaker.js';
import type { Claimant } from './claimant.js';
import { FairShare } from './fair-share.js';
import type { LeaseRequest, LeaseTarget } from './lease-request.js';
import type { PoolEvents } from './pool-events.js';
import { PoolConnections } from './pool-connections.js';
import { keyOf, type PoolMember } from './pool-member.js';
import { PoolStatistics } from './pool-statistics.js';
import { PoolWatch } from './pool-watch.js';
import type { Lease } from './pooled-connection.js';
import type { ServerPoolStats } from './server-pool-stats.js';
import { SoiledReturns } from './soiled-returns.js';
import { WaitingLine } from './waiting-line.js';
import { within } from './within.js';

export interface ServerPoolOptions {
  readonly server: string;
  readonly maxConnections: number;
  readonly maxConnectionsPerTenant: number;
  readonly maxWaiting: number;
  /** Milliseconds. */
  readonly acquireTimeout: number;
  /** Milliseconds. */
  readonly idleTimeout: number;
  /** Milliseconds. */
  readonly longLease: number;
}

/** Milliseconds after which an idle connection is turned before it is lent, which tells whether its link still works. */
const VERIFY_AFTER = 10_000;
/** How often in a row a connection goes on with a waiting caller of the same tenant, past another with as few leases. */
const KEEP = 4;

/**
 * The connections to one server, for all of its tenants. A lease is served by, in this order: an idle connection that
 * is at the target already (no round trip), a new connection while the bound allows (about 2 ms, once), the idle
 * connection that was used longest ago, turned to the target (50 to 90 µs), or the next one that is given back.
 */
export class ServerPool {
  private readonly connections: PoolConnections;
  private readonly share: FairShare;
  private readonly line: WaitingLine;
  private readonly watch: PoolWatch;
  private readonly statistics = new PoolStatistics();
  /** In the order in which they were lent. */
  private readonly lent = new Set<PoolMember>();
  private readonly returns = new SoiledReturns();
  private closed = false;
  private allReturned?: () => void;

  /** @param events where it tells what happens: {@link PoolEvents} */
  constructor(
    engine: ServerEngine,
    private readonly options: ServerPoolOptions,
    private readonly events: EventEmitter<PoolEvents>,
  ) {
    const { server, maxConnections, maxConnectionsPerTenant, acquireTimeout } = options;
    const patience = acquireTimeout / 2;
    this.connections = new PoolConnections(server, engine, maxConnections, {
      opened: () => this.connectionOpened(),
      closed: (reason) => this.statistics.closed(reason),
      roomMade: () => this.serveWaiting(),
      breakerChanged: (change) => this.breakerChanged(change),
    });
    this.share = new FairShare(maxConnections, maxConnectionsPerTenant, patience, (refused) =>
      events.emit('reserve-refused', { server, ...refused }),
    );
    this.line = new WaitingLine(options, this.share, this.statistics, events);
    this.watch = new PoolWatch(options, {
      idle: this.connections.idle,
      lent: this.lent,
      idleTooLong: (member) => void this.connections.close(member, 'idle'),
      longLease: (lease) => events.emit('long-lease', lease),
      silent: () => this.connections.verify(),
      ticked: (now) => this.statistics.turnOver(now),
    });
  }

  /**
   * Borrows a connection whose session is at `target` and otherwise as fresh. Answers at once, without a promise, when
   * an idle connection is there already.
   * @throws PoolTimeoutError, PoolQueueFullError, PoolClosedError, LeaseAbortedError
   * @throws ServerUnavailableError, ServerUnreachableError, DatabaseMissingError
   */
  lease(target: LeaseTarget): Lease | Promise<Lease> {
    const trace = this.watch.trace((this.lent.size + 1) * 2 >= this.options.maxConnections);
    return this.find(target, trace);
  }

  /** @param trace where it was asked for, if that was noted */
  private find(target: LeaseTarget, trace: LeaseRequest['trace']): Lease | Promise<Lease> {
    if (this.closed) throw new PoolClosedError(this.options.server);
    const { refusal, hasRoom, idle } = this.connections;
    if (refusal !== undefined) throw refusal;
    const claimant = this.share.claimant(target.database, target.share);
    const request = { target, claimant, trace };
    if (!this.share.hasRoomFor(claimant)) return this.wait(request);
    const affine = this.connections.takeIdle(target);
    if (affine !== undefined) return this.lendAgain(affine, request);
    const soiled = this.takeSoiled(request);
    if (soiled !== undefined) return soiled;
    if (hasRoom) return this.openFor(request);
    const oldest = idle.takeOldest();
    return oldest === undefined ? this.wait(request) : this.turnFor(oldest, request);
  }

  /** False while leases are refused because the server does not answer. */
  get available(): boolean {
    return this.connections.refusal === undefined;
  }

  /** Leases of one database now. */
  leasesOf(database: string): number {
    return this.share.leasesOf(database);
  }

  stats(): ServerPoolStats {
    const { server, maxConnections } = this.options;
    const { open, opening, idle, breakerState } = this.connections;
    return {
      server,
      maxConnections,
      open,
      opening,
      idle: idle.size,
      leased: this.lent.size,
      waiting: this.share.waiting,
      breaker: breakerState,
      ...this.statistics.summary(),
    };
  }

  /**
   * Ends when no connection is in `database` any more: waits for its leases, closes its idle connections.
   * @param limit milliseconds
   * @throws DrainTimeoutError when leases are held for longer
   */
  async drain(database: string, limit: number): Promise<void> {
    if (!(await within(limit, this.share.empty(database)))) {
      throw new DrainTimeoutError(this.options.server, database, limit);
    }
    await this.connections.closeIdle('drained', database);
  }

  /**
   * Refuses new leases, fails those that wait, closes what is idle, and waits for what is leased or being cleaned.
   * @param limit milliseconds after which the rest is cut
   * @returns how many leases were cut
   */
  async end(limit: number): Promise<number> {
    this.closed = true;
    this.connections.end();
    this.watch.end();
    this.line.refuseAll(() => new PoolClosedError(this.options.server));
    const closing = this.connections.closeIdle('shutdown');
    if (this.lent.size + this.returns.size > 0)
      await within(limit, new Promise<void>((done) => (this.allReturned = done)));
    const late = [...this.lent];
    for (const { connection } of [...late, ...this.returns.members]) {
      connection.cut(new PoolClosedError(this.options.server));
    }
    await closing;
    return late.length;
  }

  private lendAgain(member: PoolMember, request: LeaseRequest): Lease | Promise<Lease> {
    const { idleLimit = Infinity } = member.connection;
    if (performance.now() - member.since > Math.min(VERIFY_AFTER, idleLimit)) {
      return this.turnFor(member, request);
    }
    this.statistics.served('reused');
    this.share.enter(request.claimant);
    return this.lend(member, request);
  }

  private openFor(request: LeaseRequest): Promise<Lease> {
    return this.onTheWay(request, async () => {
      const member = await this.connections.connect(request.target);
      this.statistics.served('opened');
      return this.arrived(member, request);
    });
  }

  private turnFor(member: PoolMember, request: LeaseRequest): Promise<Lease> {
    return this.onTheWay(request, async () => {
      try {
        await this.connections.turn(member, request.target);
      } catch (error) {
        if (!member.connection.broken) {
          this.giveOn(member);
          throw error;
        }
        // The link was dead before anything was asked of it, so nothing can have run: a new connection may serve.
        const replacement = await this.connections.replace(member, request.target);
        this.statistics.served('opened');
        return this.arrived(replacement, request);
      }
      this.statistics.served('turned');
      return this.arrived(member, request);
    });
  }

  /** What was given back soiled in this moment, unless somebody waits already. */
  private takeSoiled(request: LeaseRequest): Promise<Lease> | undefined {
    if (this.share.waiting > 0) return undefined;
    const given = this.returns.take((member) => this.isOfUse(member));
    if (given === undefined) return undefined;
    const lease = this.turnFor(given.member, request);
    // After it has entered: a tenant without leases is forgotten, and it may be the same one.
    this.share.leave(given.claimant);
    return lease;
  }

  private wait(request: LeaseRequest): Promise<Lease> {
    const { server, maxConnections } = this.options;
    const allOut = this.connections.idle.size === 0 && !this.connections.hasRoom;
    if (allOut && this.share.waiting === 0)
      this.events.emit('exhausted', { server, maxConnections });
    return this.line.wait(request);
  }

  /** A connection that is not there yet counts for its tenant already: for its share, and for {@link drain}. */
  private async onTheWay(request: LeaseRequest, arrive: () => Promise<Lease>): Promise<Lease> {
    const { target, claimant, trace } = request;
    this.share.enter(claimant);
    try {
      return await arrive();
    } catch (error) {
      this.share.leave(claimant);
      if (error instanceof ServerFullError && this.lent.size + this.connections.idle.size > 0) {
        // One of those that are open will do: an idle one, or one that is given back.
        this.connections.serverIsFull();
        return await this.find(target, trace);
      }
      this.serveWaiting();
      throw error;
    }
  }

  private arrived(member: PoolMember, request: LeaseRequest): Lease {
    if (!this.closed) return this.lend(member, request);
    void this.connections.close(member, 'shutdown');
    throw new PoolClosedError(this.options.server);
  }

  private lend(member: PoolMember, { claimant, trace }: LeaseRequest): Lease {
    const now = performance.now();
    member.since = now;
    member.reported = false;
    member.trace = trace;
    this.lent.add(member);
    this.events.emit('acquire');
    return member.connection.lend(() => {
      this.lent.delete(member);
      this.statistics.held(claimant.database, performance.now() - now);
      this.events.emit('release');
      this.takeBack(member, claimant);
    });
  }

  private takeBack(member: PoolMember, claimant: Claimant): void {
    const { connection } = member;
    if (connection.demoted) this.connections.renew();
    if (connection.soiled && this.isOfUse(member)) {
      void this.takeBackSoiled(member, claimant);
      return;
    }
    this.returned(member, claimant);
    this.tellIfAllReturned();
  }

  /** Never rejects: nobody awaits it. A connection that cannot be made clean is closed instead. */
  private async takeBackSoiled(member: PoolMember, claimant: Claimant): Promise<void> {
    await this.returns.keep({ member, claimant }, async () => {
      await this.clean(member);
      this.returned(member, claimant);
    });
    this.tellIfAllReturned();
  }

  private tellIfAllReturned(): void {
    if (this.lent.size + this.returns.size === 0) this.allReturned?.();
  }

  private returned(member: PoolMember, claimant: Claimant): void {
    this.share.leave(claimant);
    this.giveOn(member, claimant);
  }

  private async clean(member: PoolMember): Promise<void> {
    if (!this.isOfUse(member)) return;
    try {
      await this.connections.turn(member, member.target);
    } catch {
      // Why it cannot be cleaned matters to nobody any more: whoever soiled it has its result, and it is closed.
      member.retired = true;
    }
  }

  private isOfUse({ connection, retired }: PoolMember): boolean {
    return !connection.broken && !retired && !this.closed;
  }

  /** To whoever waits for it, else to the idle ones. */
  private giveOn(member: PoolMember, from?: Claimant): void {
    if (!this.isOfUse(member)) {
      const reason = member.connection.demoted ? 'failover' : 'broken';
      void this.connections.close(member, this.closed ? 'shutdown' : reason);
      return;
    }
    const own = from && member.kept < KEEP ? this.share.nextOf(from) : undefined;
    const waiter = own ?? this.share.next();
    member.kept = own === undefined ? 0 : member.kept + 1;
    if (waiter === undefined) {
      member.since = performance.now();
      this.connections.idle.add(member);
      return;
    }
    const request = this.line.dequeue(waiter);
    waiter.serve(
      member.key === keyOf(request.target)
        ? this.lendAgain(member, request)
        : this.turnFor(member, request),
    );
  }

  /** There may be room now for some who wait. */
  private serveWaiting(): void {
    while (!this.closed && this.share.waiting > 0) {
      const waiter = this.share.next();
      if (waiter === undefined) return;
      const affine = this.connections.takeIdle(waiter.request.target);
      if (affine !== undefined) {
        waiter.serve(this.lendAgain(affine, this.line.dequeue(waiter)));
      } else if (this.connections.hasRoom) {
        waiter.serve(this.openFor(this.line.dequeue(waiter)));
      } else {
        const oldest = this.connections.idle.takeOldest();
        if (oldest === undefined) return;
        waiter.serve(this.turnFor(oldest, this.line.dequeue(waiter)));
      }
    }
  }

  private connectionOpened(): void {
    if (!this.closed) this.watch.start();
    this.events.emit('connection');
  }

  private breakerChanged(change: BreakerChange): void {
    this.events.emit('breaker', change);
    const { refusal } = this.connections;
    if (refusal !== undefined) this.line.refuseAll(() => this.connections.refusal ?? refusal);
  }
}
