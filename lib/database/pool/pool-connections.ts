import { runDetached } from '../../context/tenant-context.js';
import type { ServerEngine } from '../engines/engine.js';
import { ServerUnreachableError } from '../errors.js';
import { CircuitBreaker, type BreakerChange } from './circuit-breaker.js';
import { IdleConnections } from './idle-connections.js';
import { PoolMember, keyOf } from './pool-member.js';
import type { CloseReason } from './pool-statistics.js';
import type { PooledConnection, SessionTarget } from './pooled-connection.js';

export interface PoolConnectionsListener {
  opened(): void;
  closed(reason: CloseReason): void;
  /** A connection may be opened, or an idle one taken, that could not before. */
  roomMade(): void;
  breakerChanged(change: BreakerChange): void;
}

const NO_DATABASE: SessionTarget = { database: '' };
/** The key of a session of which nobody knows where it is; no target has it. */
const UNKNOWN = '?';
/** Milliseconds between two renewals of all connections after a failover. */
const RENEW_AGAIN_AFTER = 1_000;
/** Milliseconds during which no connection is opened to a server that had no place for one more. */
const FULL_FOR = 1_000;

/** The connections of a pool, which are open, idle or lent, and whether their server can be reached. */
export class PoolConnections {
  readonly idle = new IdleConnections();
  private readonly members = new Set<PoolMember>();
  private readonly breaker: CircuitBreaker;
  private onTheirWay = 0;
  private renewed = -Infinity;
  private fullUntil = -Infinity;
  private ended = false;

  constructor(
    server: string,
    private readonly engine: ServerEngine,
    private readonly maxConnections: number,
    private readonly listener: PoolConnectionsListener,
  ) {
    this.breaker = new CircuitBreaker(
      server,
      () => this.openIdle(),
      (change) => listener.breakerChanged(change),
    );
  }

  get open(): number {
    return this.members.size;
  }

  get opening(): number {
    return this.onTheirWay;
  }

  /** Whether one more may be opened. Those on their way count, and those that the server has not let go yet. */
  get hasRoom(): boolean {
    return (
      this.members.size + this.onTheirWay < this.maxConnections &&
      (this.fullUntil === -Infinity || performance.now() > this.fullUntil)
    );
  }

  get breakerState(): CircuitBreaker['state'] {
    return this.breaker.state;
  }

  /** The error of a caller that comes while the server is not asked, or undefined. */
  get refusal(): CircuitBreaker['refusal'] {
    return this.breaker.refusal;
  }

  /** An idle connection in the very session that is wanted. */
  takeIdle(target: SessionTarget): PoolMember | undefined {
    for (;;) {
      const member = this.idle.takeAt(keyOf(target));
      if (member === undefined || !member.connection.broken) return member;
      void this.close(member, 'broken');
    }
  }

  async connect(target: SessionTarget): Promise<PoolMember> {
    this.onTheirWay += 1;
    let connection: PooledConnection;
    try {
      connection = await this.openDetached(target);
    } catch (error) {
      if (error instanceof ServerUnreachableError) this.breaker.failed(error, this.open > 0);
      throw error;
    } finally {
      this.onTheirWay -= 1;
    }
    const member = new PoolMember(connection, target, keyOf(target));
    this.members.add(member);
    // Leased or being turned, it keeps its place until whoever has it is done.
    connection.onBroken = () => {
      if (this.idle.has(member)) void this.close(member, 'broken');
    };
    this.breaker.succeeded();
    this.listener.opened();
    return member;
  }

  /** Turns a connection that nobody has. When that fails nobody knows where its session is. */
  async turn(member: PoolMember, target: SessionTarget): Promise<void> {
    member.target = NO_DATABASE;
    member.key = UNKNOWN;
    await member.connection.turn(target);
    member.target = target;
    member.key = keyOf(target);
  }

  /** In place of a connection whose link turned out to be dead. Its place goes to nobody else in between. */
  async replace(dead: PoolMember, target: SessionTarget): Promise<PoolMember> {
    this.onTheirWay += 1;
    await this.discard(dead, 'broken');
    this.onTheirWay -= 1;
    if (this.refusal !== undefined) throw this.refusal;
    return this.connect(target);
  }

  async close(member: PoolMember, reason: CloseReason): Promise<void> {
    await this.discard(member, reason);
    this.listener.roomMade();
  }

  async closeIdle(reason: CloseReason, database?: string): Promise<void> {
    const there = [...this.idle].filter(
      ({ target }) => database === undefined || target.database === database,
    );
    await Promise.all(there.map((member) => this.close(member, reason)));
  }

  /** The server has no place for one more: for a while those that are open must do. */
  serverIsFull(): void {
    this.fullUntil = performance.now() + FULL_FOR;
  }

  /** After a failover all connections lead to the old server: new ones find the new one. */
  renew(): void {
    const now = performance.now();
    if (now - this.renewed < RENEW_AGAIN_AFTER) return;
    this.renewed = now;
    for (const member of this.members) member.retired = true;
    void this.closeIdle('failover');
  }

  /**
   * Nothing has come from the server for a while: is it busy, or is it dead? Asked with a connection more, beyond the
   * bound when all are leased, because those that are leased cannot be asked.
   */
  async verify(): Promise<void> {
    try {
      if (this.hasRoom) await this.openIdle();
      else await (await this.openDetached(NO_DATABASE)).close();
    } catch (error) {
      if (error instanceof ServerUnreachableError) this.giveUp(error);
    }
  }

  end(): void {
    this.ended = true;
    this.breaker.end();
  }

  private giveUp(cause: ServerUnreachableError): void {
    this.breaker.trip(cause);
    for (const member of this.members) {
      member.retired = true;
      member.connection.cut(cause);
    }
  }

  private async openIdle(): Promise<void> {
    const member = await this.connect(NO_DATABASE);
    if (this.ended) return this.close(member, 'shutdown');
    member.since = performance.now();
    this.idle.add(member);
    this.listener.roomMade();
  }

  /** Its socket calls back in the context that opened it. That must not be the tenant's who happened to be first. */
  private openDetached(target: SessionTarget): Promise<PooledConnection> {
    return runDetached('a pooled connection', () => this.engine.open(target));
  }

  private async discard(member: PoolMember, reason: CloseReason): Promise<void> {
    if (member.closing) return;
    member.closing = true;
    this.idle.remove(member);
    this.listener.closed(reason);
    // Until the server has let it go, it counts.
    await member.connection.close();
    this.members.delete(member);
  }
}
