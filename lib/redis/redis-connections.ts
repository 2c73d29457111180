import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { hash } from 'node:crypto';
import type { ResolvedRedis, ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { RedisNotConfiguredError } from './errors.js';
import { RedisConnection } from './redis-connection.js';

/**
 * The connections of this process to the Redis of the option `redis`: one for commands, and one for what other processes
 * tell. A Redis that is not there, at the start or later, fails what needs it, at once, and nothing else.
 */
@Injectable()
export class RedisConnections implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Tenancy');
  private readonly options: ResolvedRedis | undefined;
  private commands?: RedisConnection;
  private subscriptions?: RedisConnection;

  constructor(@Inject(TENANCY_OPTIONS) { redis }: ResolvedTenancyOptions) {
    this.options = redis;
  }

  /** Whether the options name a Redis. */
  get configured(): boolean {
    return this.options !== undefined;
  }

  /** Does not wait for the connection, so that an app starts whether Redis is there or not. */
  onModuleInit(): void {
    if (this.configured) this.forCommands('the start');
  }

  /** `name` as it is in Redis: after `redis.keyPrefix`. No other method adds it. */
  key(name: string): string {
    return this.require('A key in Redis').keyPrefix + name;
  }

  /**
   * Sends a command, and gives what Redis answers.
   * @param name of the command, then what it is given: `'SET', redis.key('a'), '1', 'PX', '1000'`
   * @throws RedisNotConfiguredError, RedisUnavailableError
   */
  async command(name: string, ...args: readonly string[]): Promise<unknown> {
    return this.send(name, ...args);
  }

  /**
   * Runs a Lua script, all of it or nothing. Its text is sent once, and its hash from then on.
   * @throws RedisNotConfiguredError, RedisUnavailableError
   */
  evaluate(
    script: string,
    keys: readonly string[],
    args: readonly string[] = [],
  ): Promise<unknown> {
    const given = [String(keys.length), ...keys, ...args];
    return this.send('EVALSHA', hashOf(script), ...given).catch((error: unknown) => {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return this.send('EVAL', script, ...given);
    });
  }

  /**
   * Hears what is published on `channel` from now on, over a connection of its own.
   * @param onReady called when it begins to hear, and whenever it hears again after it was cut off
   * @throws RedisNotConfiguredError; TypeError when there is a subscription already
   */
  subscribe(channel: string, listener: (message: string) => void, onReady: () => void): void {
    if (this.subscriptions !== undefined) throw new TypeError('There is one channel: use Signals');
    this.subscriptions = new RedisConnection(
      this.require('A subscription'),
      'signals',
      (client) => {
        // Subscribed once: the client subscribes again by itself, before it says that it is ready. However long the answer
        // takes: nobody waits for it, and a server that falls silent is given up, and asked again.
        subscribed ??= client.subscribe(channel, listener);
        subscribed.then(onReady, (error: unknown) => {
          subscribed = undefined;
          this.logger.error(`Redis refuses the channel ${channel}`, error);
        });
      },
    );
    let subscribed: Promise<unknown> | undefined;
  }

  onApplicationShutdown(): void {
    this.commands?.close();
    this.subscriptions?.close();
  }

  private send(name: string, ...args: readonly string[]): Promise<unknown> {
    return this.forCommands(name).run((client) => client.sendCommand([name, ...args]));
  }

  private forCommands(operation: string): RedisConnection {
    this.commands ??= new RedisConnection(this.require(operation), 'commands');
    return this.commands;
  }

  private require(operation: string): ResolvedRedis {
    if (this.options === undefined) throw new RedisNotConfiguredError(operation);
    return this.options;
  }
}

/** Of the scripts, which are a few constants: a request is to wait for none of them to be hashed. */
const hashes = new Map<string, string>();

function hashOf(script: string): string {
  const known = hashes.get(script) ?? hash('sha1', script);
  hashes.set(script, known);
  return known;
}
