import { Inject, Injectable } from '@nestjs/common';
import { RedisConnections } from '../../redis/redis-connections.js';
import { ENCRYPTION_OPTIONS, type ResolvedEncryptionOptions } from '../encryption-options.js';
import { MessageExpiredError, MessageReplayedError, ReplayMemoryFullError } from '../errors.js';
import type { OpenedMessage } from './message-cipher.js';

/** Messages that one process remembers at most: some 50 MB. */
const MOST = 250_000;

/** Accepts each authentic message once, as long as it is good for. */
@Injectable()
export class ReplayWindow {
  private readonly began = Date.now();
  /** Milliseconds. */
  private readonly window: number;
  private readonly inMemory: boolean;
  /** Until when each is remembered, in the order in which they came, which is that of the times. */
  private readonly seen = new Map<string, number>();

  constructor(
    @Inject(ENCRYPTION_OPTIONS) { replayWindow, replayStore }: ResolvedEncryptionOptions,
    private readonly redis: RedisConnections,
  ) {
    this.window = replayWindow * 1_000;
    this.inMemory = replayStore === 'memory';
  }

  /** @throws MessageExpiredError, MessageReplayedError, ReplayMemoryFullError, RedisUnavailableError */
  async accept(tenantId: string, { jti, iat }: Pick<OpenedMessage, 'jti' | 'iat'>): Promise<void> {
    const [now, made] = [Date.now(), iat * 1_000];
    if (Math.abs(now - made) > this.window) {
      throw new MessageExpiredError(`its \`iat\` is more than ${this.window / 1_000} s from now`);
    }
    const isNew = this.inMemory
      ? this.rememberHere(`${tenantId}:${jti}`, made, now)
      : await this.rememberInRedis(`${tenantId}:${jti}`, made, now);
    if (!isNew) throw new MessageReplayedError();
  }

  private rememberHere(name: string, made: number, now: number): boolean {
    // The process before this one may have accepted it, and has taken what it remembered with it.
    if (made < this.began) {
      throw new MessageExpiredError('it was made before this process began, whose memory it is');
    }
    for (const [old, until] of this.seen) {
      if (until > now) break;
      this.seen.delete(old);
    }
    if (this.seen.has(name)) return false;
    if (this.seen.size >= MOST) throw new ReplayMemoryFullError(MOST);
    this.seen.set(name, now + 2 * this.window);
    return true;
  }

  private async rememberInRedis(name: string, made: number, now: number): Promise<boolean> {
    // By our clock it is good for one window, by that of another process, which may be behind, for up to two. And a second,
    // because Redis has a clock of its own.
    const time = Math.ceil(made + 2 * this.window - now) + 1_000;
    const key = this.redis.key(`replay:${name}`);
    const answer = await this.redis.command('SET', key, '', 'PX', String(time), 'NX');
    return answer !== null;
  }
}
