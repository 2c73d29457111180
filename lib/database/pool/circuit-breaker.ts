import { ServerUnavailableError } from '../errors.js';

/** `open`: the server is not asked. `half-open`: one connection is being tried. */
export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerChange {
  readonly server: string;
  readonly from: BreakerState;
  readonly to: BreakerState;
  /** Why it opened. */
  readonly cause?: Error;
}

/** Failures in a row after which a server without a single connection is taken for dead. */
const FAILURES = 3;
/** Milliseconds before the first try of a dead server, and at most between two. Under 2 s, so that a return is noticed. */
const FIRST_DELAY = 100;
const LAST_DELAY = 1_000;

/**
 * Keeps callers from a server that does not answer: they are refused at once, and the server is tried by one connection
 * at a time, at growing intervals, until it is back. Nobody's request is the guinea pig.
 */
export class CircuitBreaker {
  private current: BreakerState = 'closed';
  private failures = 0;
  private delay = FIRST_DELAY;
  private cause?: Error;
  private timer?: NodeJS.Timeout;
  private ended = false;

  /**
   * @param probe opens a connection; rejects when the server is still not there
   * @param onChange told after each change of state
   */
  constructor(
    private readonly server: string,
    private readonly probe: () => Promise<void>,
    private readonly onChange: (change: BreakerChange) => void,
  ) {}

  get state(): BreakerState {
    return this.current;
  }

  /** The error of a caller that comes while the server is not asked, or undefined. */
  get refusal(): ServerUnavailableError | undefined {
    if (this.current === 'closed') return undefined;
    return new ServerUnavailableError(this.server, this.cause);
  }

  succeeded(): void {
    this.failures = 0;
    this.delay = FIRST_DELAY;
    clearTimeout(this.timer);
    this.cause = undefined;
    this.become('closed');
  }

  /** @param others whether other connections to the server are there, so that it may well live */
  failed(cause: Error, others: boolean): void {
    this.failures += 1;
    if (this.failures >= FAILURES && !others) this.trip(cause);
  }

  /** Opens at once: the server is known to be dead. */
  trip(cause: Error): void {
    if (this.current !== 'closed') return;
    this.cause = cause;
    this.become('open');
    this.tryLater();
  }

  /** The server is not tried any more. */
  end(): void {
    this.ended = true;
    clearTimeout(this.timer);
  }

  private tryLater(): void {
    if (this.ended) return;
    // Between half and the whole of it, so that the processes of an app do not all come at once.
    const delay = this.delay * (0.5 + Math.random() / 2);
    this.delay = Math.min(this.delay * 2, LAST_DELAY);
    this.timer = setTimeout(() => void this.try(), delay).unref();
  }

  private async try(): Promise<void> {
    this.become('half-open');
    try {
      await this.probe();
      this.succeeded();
    } catch (error) {
      this.cause = error instanceof Error ? error : this.cause;
      this.become('open');
      this.tryLater();
    }
  }

  private become(to: BreakerState): void {
    const from = this.current;
    if (from === to) return;
    this.current = to;
    this.onChange({ server: this.server, from, to, ...(to === 'open' && { cause: this.cause }) });
  }
}
