import type { PoolMember } from './pool-member.js';

/** A lease that is held for longer than `pool.longLease`. */
export interface LongLease {
  readonly server: string;
  readonly database: string;
  /** Milliseconds so far. */
  readonly held: number;
  /** Where it was taken, if that was noted: see {@link PoolWatch.trace}. */
  readonly stack?: string;
}

export interface PoolWatchOptions {
  readonly server: string;
  /** Milliseconds. */
  readonly idleTimeout: number;
  /** Milliseconds. */
  readonly longLease: number;
}

/** What the watch looks at, and whom it tells. */
export interface WatchedPool {
  /** Those that became idle first, first. */
  readonly idle: Iterable<PoolMember>;
  /** Those that were lent first, first. */
  readonly lent: ReadonlySet<PoolMember>;
  idleTooLong(member: PoolMember): void;
  longLease(lease: LongLease): void;
  /** Nothing came from the server for {@link SILENCE}, while leases are out. */
  silent(): Promise<void>;
  ticked(now: number): void;
}

/** Milliseconds without a byte from the server, while leases are out, after which it is asked whether it lives. */
const SILENCE = 1_000;
/** Milliseconds between two looks, at most and at least. */
const SLOWEST = 500;
const FASTEST = 10;

/** Frames that are noted: TypeORM's own are about ten, and the caller of interest is behind them. */
const FRAMES = 30;

/** Looks at a pool now and then: for connections that idle, leases that are held too long, a server that fell silent. */
export class PoolWatch {
  private timer?: NodeJS.Timeout;
  private asking = false;
  private heard = -1;
  private heardAt = 0;
  private tracing = false;

  constructor(
    private readonly options: PoolWatchOptions,
    private readonly pool: WatchedPool,
  ) {}

  start(): void {
    if (this.timer !== undefined) return;
    const { idleTimeout, longLease } = this.options;
    const shortest = Math.min(idleTimeout, longLease) / 4;
    const pause = Math.max(FASTEST, Math.min(SLOWEST, shortest));
    this.timer = setInterval(() => this.look(performance.now()), pause).unref();
  }

  end(): void {
    clearInterval(this.timer);
  }

  /**
   * Where a lease is asked for. Noting it costs 4 to 10 µs, so it is done when it will matter: while half of the
   * connections are out, and for good once a lease was found that had been held for too long.
   * @param crowded half of the connections are out
   */
  trace(crowded: boolean): { readonly stack?: string } | undefined {
    if (!crowded && !this.tracing) return undefined;
    const trace: { stack?: string } = {};
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = FRAMES;
    Error.captureStackTrace(trace);
    Error.stackTraceLimit = stackTraceLimit;
    return trace;
  }

  private look(now: number): void {
    this.pool.ticked(now);
    for (const member of this.pool.idle) {
      const { idleLimit = Infinity } = member.connection;
      if (now - member.since < Math.min(this.options.idleTimeout, idleLimit)) break;
      this.pool.idleTooLong(member);
    }
    for (const member of this.pool.lent) {
      if (now - member.since < this.options.longLease) break;
      if (!member.reported) this.report(member, now);
    }
    if (!this.asking && this.isSilent(now)) void this.ask();
  }

  private report(member: PoolMember, now: number): void {
    member.reported = true;
    this.tracing = true;
    const { server } = this.options;
    const { database } = member.target;
    // The first line is that of an error without a message.
    const stack = member.trace?.stack?.replace(/^.*\n/, '');
    this.pool.longLease({ server, database, held: Math.round(now - member.since), stack });
  }

  private isSilent(now: number): boolean {
    let heard = 0;
    for (const { connection } of this.pool.lent) {
      // An engine within the process cannot fall silent.
      if (connection.bytesRead === undefined) return false;
      heard += connection.bytesRead;
    }
    if (heard === this.heard && this.pool.lent.size > 0) return now - this.heardAt >= SILENCE;
    this.heard = heard;
    this.heardAt = now;
    return false;
  }

  private async ask(): Promise<void> {
    this.asking = true;
    await this.pool.silent();
    this.asking = false;
    this.heardAt = performance.now();
  }
}
