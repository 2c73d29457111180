import { Logger } from '@nestjs/common';
import { runDetached } from '../context/tenant-context.js';
import type { ResolvedRedis } from '../options/resolve.js';
import { RedisUnavailableError } from './errors.js';
import { createRedisClient, isRefusal, type RedisClient } from './redis-client.js';

/**
 * One connection to Redis that connects again by itself. Nothing that is asked of it waits for that: while it is down,
 * it refuses at once.
 */
export class RedisConnection {
  private readonly logger = new Logger('Tenancy');
  private readonly client: RedisClient;
  private readonly timeout: number;
  /** Settled when the first attempt to connect has succeeded or failed: until then, waiting makes sense. */
  private readonly attempted: Promise<void>;
  private closed = false;
  private down?: Error;

  /**
   * Begins to connect.
   * @param purpose what it is for, in the log
   * @param onReady called whenever it is connected, for the first time or again
   * @throws PackageMissingError
   */
  constructor(
    options: ResolvedRedis,
    private readonly purpose: string,
    onReady: (client: RedisClient) => void = () => {},
  ) {
    this.timeout = options.timeout;
    // Detached: it is not the work that happens to need it first that it lives for.
    [this.client, this.attempted] = runDetached('connect to Redis', () => {
      const client = createRedisClient(options);
      const attempted = new Promise<void>((resolve) => {
        client.on('ready', () => {
          this.tellUp();
          resolve();
          onReady(client);
        });
        client.on('error', (error) => {
          this.tellDown(error);
          resolve();
        });
      });
      // It rejects when it is closed while it connects, and never for anything else.
      client.connect().catch((error: Error) => this.tellDown(error));
      return [client, attempted];
    });
  }

  /**
   * What `work` gives.
   * @throws RedisUnavailableError at once while it is down, and when the answer takes longer than `redis.timeout`
   */
  run<T>(work: (client: RedisClient) => Promise<T>): Promise<T> {
    return this.client.isReady ? this.inTime(work(this.client)) : this.runOnceReady(work);
  }

  close(): void {
    this.closed = true;
    this.client.destroy();
  }

  private async runOnceReady<T>(work: (client: RedisClient) => Promise<T>): Promise<T> {
    await this.inTime(this.attempted);
    if (!this.client.isReady) throw this.unavailable();
    return this.inTime(work(this.client));
  }

  private inTime<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = () =>
        reject(new RedisUnavailableError(`it did not answer within ${this.timeout} ms`));
      // Where it was this process that stood still, the answer is there already, and read before an immediate runs.
      const timer = setTimeout(() => setImmediate(giveUp), this.timeout);
      answer.then(
        (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        (error: Error) => {
          clearTimeout(timer);
          reject(isRefusal(error) ? error : new RedisUnavailableError(textOf(error), error));
        },
      );
    });
  }

  private unavailable(): RedisUnavailableError {
    if (this.closed) return new RedisUnavailableError('the app has shut down');
    const { down } = this;
    return new RedisUnavailableError(down === undefined ? 'not connected' : textOf(down), down);
  }

  private tellDown(error: Error): void {
    if (this.closed) return;
    // Once, not at every attempt.
    if (this.down === undefined) {
      this.logger.warn(`The connection to Redis for ${this.purpose} is down: ${textOf(error)}`);
    }
    this.down = error;
  }

  private tellUp(): void {
    if (this.down === undefined) return;
    this.down = undefined;
    this.logger.log(`The connection to Redis for ${this.purpose} is up again`);
  }
}

/** A failure to connect to each of several addresses has a code, and no message. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error && String(error.code)) || error.name;
}
