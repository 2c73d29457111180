import { Inject, Injectable } from '@nestjs/common';
import { requireTenant } from '../context/tenant-context.js';
import { RedisConnections } from '../redis/redis-connections.js';
import * as scripts from './redis-scripts.js';
import { generationOf } from './session-id.js';
import { SESSION_OPTIONS, type ResolvedSessionOptions } from './session-options.js';
import type {
  FindSessions,
  SessionChange,
  SessionRow,
  SessionRows,
  StoredSession,
} from './session-rows.js';

/** Sessions that one script removes: Redis does nothing else meanwhile. */
const BATCH = 500;

/**
 * Sessions in the Redis of the option `redis`: a hash for each, and sets of their keys by last use, one of the tenant and
 * one of each user. All of a generation of a tenant have one hash tag, so that a cluster keeps them together. Redis
 * forgets what has expired.
 */
@Injectable()
export class RedisSessions implements SessionRows {
  private readonly lifetime: string;

  constructor(
    private readonly redis: RedisConnections,
    @Inject(SESSION_OPTIONS) { lifetime }: ResolvedSessionOptions,
  ) {
    this.lifetime = String(lifetime);
  }

  async read(key: string): Promise<StoredSession | undefined> {
    const fields = [...scripts.FIELDS, 'payload'];
    const answer = await this.redis.command(
      'HMGET',
      `${this.spaceOf(generationOf(key))}session:${key}`,
      ...fields,
    );
    const values = answer as (string | null)[];
    const payload = values.pop();
    return payload == null ? undefined : { ...sessionOf(key, values), payload };
  }

  async insert(session: StoredSession): Promise<void> {
    const { key, user = '', ipAddress = '', userAgent = '', lastActivity, payload } = session;
    const values = [user, ipAddress, userAgent, String(lastActivity), payload];
    await this.run(scripts.INSERT, key, this.lifetime, ...values);
  }

  async update(key: string, change: SessionChange): Promise<void> {
    const { payload, lastActivity, user = '', expectedUser = '' } = change;
    const values = [user, expectedUser, String(lastActivity), payload];
    await this.run(scripts.UPDATE, key, this.lifetime, ...values);
  }

  async touch(key: string, lastActivity: number): Promise<void> {
    await this.run(scripts.TOUCH, key, this.lifetime, String(lastActivity));
  }

  async remove(key: string): Promise<boolean> {
    return (await this.run(scripts.REMOVE, key)) === 1;
  }

  async find({ user, after, limit, offset }: FindSessions): Promise<SessionRow[]> {
    const numbers = [after, offset, limit].map(String);
    const found = await this.ofAll(scripts.FIND, setOf(user), ...numbers);
    return (found as [string, (string | null)[]][]).map(([key, values]) => sessionOf(key, values));
  }

  async removeAll({ user, except = '' }: { user?: string; except?: string }): Promise<number> {
    let removed = 0;
    for (;;) {
      const batch = await this.ofAll(scripts.REMOVE_ALL, setOf(user), except, String(BATCH));
      const [looked, gone] = batch as [number, number];
      removed += gone;
      if (looked === 0) return removed;
    }
  }

  async sweep(): Promise<number> {
    return 0;
  }

  /** @param args the key first: a stale one is where it was put, not where those of now are */
  private run(script: string, key: string, ...args: readonly string[]): Promise<unknown> {
    return this.redis.evaluate(script, [this.spaceOf(generationOf(key))], [key, ...args]);
  }

  private ofAll(script: string, ...args: readonly string[]): Promise<unknown> {
    const { generation } = requireTenant(OPERATION);
    return this.redis.evaluate(script, [this.spaceOf(generation)], args);
  }

  /** What all keys of a generation of the tenant begin with. */
  private spaceOf(generation: number): string {
    const { id } = requireTenant(OPERATION);
    return this.redis.key(`sessions:{${id}:${generation}}:`);
  }
}

const OPERATION = 'A session in Redis';

function setOf(user: string | undefined): string {
  return user === undefined ? 'all' : `user:${user}`;
}

/** @param values in the order of {@link scripts.FIELDS} */
function sessionOf(key: string, values: readonly (string | null)[]): SessionRow {
  const [user, ipAddress, userAgent, lastActivity] = values;
  return {
    key,
    ...(user && { user }),
    ...(ipAddress && { ipAddress }),
    ...(userAgent && { userAgent }),
    lastActivity: Number(lastActivity),
  };
}
