import { Inject, Injectable } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { requireTenant } from '../context/tenant-context.js';
import { resendAfterDeadlock } from '../database/deadlock.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { isDuplicate } from '../tenant/central-rows.js';

/** A lock that this process holds. */
export interface CacheLock {
  /** Who holds it: no two locks have the same. */
  readonly owner: string;
  /** Gives it back. False when it was over by then, and may be another's: that one's is left alone. */
  release(): Promise<boolean>;
}

/** Deletes a key that still holds what its owner put there. */
const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

/**
 * Locks of the tenant in context, over all processes: in Redis where `TenancyModule` has one, else in the tenant's own
 * table `cache_locks`. A lock ends by itself, so that a process that is killed holds nobody up.
 */
@Injectable()
export class CacheLocks {
  constructor(
    private readonly redis: RedisConnections,
    @Inject(getDataSourceToken()) private readonly tenants: DataSource,
  ) {}

  /**
   * Takes the lock `name` of the tenant in context, unless somebody has it.
   * @param name 1 to 255 of `a-z`, `0-9`, `.`, `_`, `:` and `-`
   * @param ttl milliseconds after which it ends by itself; in the table whole seconds, rounded up
   * @returns undefined when somebody has it
   * @throws TenantContextMissingError; TypeError for another name
   */
  async acquire(name: string, ttl: number): Promise<CacheLock | undefined> {
    const tenant = requireTenant('A lock');
    if (!/^[a-z0-9._:-]{1,255}$/.test(name)) throw new TypeError(`"${name}" is no name of a lock`);
    if (!(ttl >= 1)) throw new TypeError('A lock needs a time in milliseconds of at least 1');
    const owner = randomUUID();
    return this.redis.configured
      ? this.inRedis(this.redis.key(`lock:${tenant.id}:${name}`), owner, ttl)
      : this.inTable(name, owner, ttl);
  }

  private async inRedis(key: string, owner: string, ttl: number): Promise<CacheLock | undefined> {
    const answer = await this.redis.command('SET', key, owner, 'NX', 'PX', String(Math.ceil(ttl)));
    if (answer !== 'OK') return undefined;
    return {
      owner,
      release: async () => (await this.redis.evaluate(RELEASE, [key], [owner])) === 1,
    };
  }

  private async inTable(name: string, owner: string, ttl: number): Promise<CacheLock | undefined> {
    const now = Date.now();
    await this.change('DELETE FROM `cache_locks` WHERE `key` = ? AND `expiration` <= ?', [
      name,
      Math.floor(now / 1_000),
    ]);
    try {
      // Of two at once the key lets one in.
      await this.change(
        'INSERT INTO `cache_locks` (`key`, `owner`, `expiration`) VALUES (?, ?, ?)',
        [name, owner, Math.ceil((now + ttl) / 1_000)],
      );
    } catch (error) {
      if (isDuplicate(error)) return undefined;
      throw error;
    }
    return { owner, release: () => this.releaseInTable(name, owner) };
  }

  private async releaseInTable(name: string, owner: string): Promise<boolean> {
    const held = (await this.ownerOf(name)) === owner;
    await this.change('DELETE FROM `cache_locks` WHERE `key` = ? AND `owner` = ?', [name, owner]);
    return held;
  }

  /** Those who wait for a lock that is given back stand in each other's way on MySQL. */
  private async change(sql: string, parameters: readonly unknown[]): Promise<void> {
    await resendAfterDeadlock(() => this.tenants.query(sql, [...parameters]));
  }

  private async ownerOf(name: string): Promise<string | undefined> {
    const [row]: { readonly owner: string }[] = await this.tenants.query(
      'SELECT `owner` FROM `cache_locks` WHERE `key` = ?',
      [name],
    );
    return row?.owner;
  }
}
