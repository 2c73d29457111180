import { PlatformTools } from 'typeorm/platform/PlatformTools.js';
import type { ResolvedRedis } from '../options/resolve.js';
import { PackageMissingError } from '../tenancy.error.js';

/** What is used of a client of the package `redis`, so that no declaration file of this package asks for its types. */
export interface RedisClient {
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy(): void;
  ping(): Promise<unknown>;
  sendCommand(args: readonly string[]): Promise<unknown>;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  on(event: 'ready', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** Milliseconds between two attempts to connect: doubled from the first to the last. */
const RETRY = { first: 50, last: 1_000 };

/** Milliseconds after which a connection on which nothing comes, not even the answer to a ping, is given up. */
const SILENCE = 10_000;

/**
 * A client that is not connected yet. Once it is told to, it connects again by itself for as long as it lives, and
 * refuses commands in the meantime.
 * @throws PackageMissingError
 */
export function createRedisClient({ url, timeout }: ResolvedRedis): RedisClient {
  return loadRedis().createClient({
    url,
    disableOfflineQueue: true,
    // RedisConnection bounds every command by one cheap timer. The client's own default (since redis 6) is an AbortSignal
    // for each, which costs 15 µs, a third of a read.
    commandOptions: { timeout: undefined },
    pingInterval: SILENCE / 2,
    socket: {
      connectTimeout: timeout,
      socketTimeout: SILENCE,
      reconnectStrategy: (retries) => Math.min(RETRY.first * 2 ** retries, RETRY.last),
    },
  });
}

/** True when the server was reached, and refused the command itself. */
export function isRefusal(error: unknown): boolean {
  return error instanceof loadRedis().ErrorReply;
}

function loadRedis(): typeof import('redis') {
  try {
    // TypeORM's loader, because it is `require` in the ES module build, too, and looks where the app is.
    return PlatformTools.load('redis') as typeof import('redis');
  } catch (error) {
    throw new PackageMissingError('The option `redis`', 'redis', error);
  }
}
