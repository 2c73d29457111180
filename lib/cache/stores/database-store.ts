import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { resendAfterDeadlock } from '../../database/deadlock.js';
import { asEntry, type Entry, type EntryStore } from './entry-store.js';

/** What the column `expiration` holds for never: the greatest number that fits. */
const NEVER = 2_147_483_647;

/** One write in so many also deletes what has expired. */
const SWEEP_EVERY = 500;

/** Keys that every collation tells apart, and that fit into the column. No other key is stored as it is. */
const PLAIN = /^[a-z0-9:._=-]{1,255}$/;

/**
 * The table `cache` of the tenant in context. Its keys are compared as the server's collation has it, which may take `A`
 * for `a` and drop what is longer than the column; so what is not plain is stored as its hash.
 */
export class DatabaseStore implements EntryStore {
  private readonly logger = new Logger('Tenancy');
  private writes = 0;

  /** @param dataSource the tenant-bound one */
  constructor(private readonly dataSource: DataSource) {}

  async get(key: string): Promise<Entry | undefined> {
    const [entry] = await this.getMany([key]);
    return entry;
  }

  async getMany(keys: readonly string[]): Promise<(Entry | undefined)[]> {
    if (keys.length === 0) return [];
    const columns = keys.map(columnOf);
    const places = columns.map(() => '?').join(', ');
    const rows: { readonly key: string; readonly value: string }[] = await this.dataSource.query(
      `SELECT \`key\`, \`value\` FROM \`cache\` WHERE \`key\` IN (${places}) AND \`expiration\` > ?`,
      [...columns, seconds(Date.now())],
    );
    const found = new Map(rows.map(({ key, value }) => [key, value]));
    return columns.map((column) => {
      const value = found.get(column);
      return value === undefined ? undefined : asEntry(JSON.parse(value));
    });
  }

  async set(key: string, entry: Entry): Promise<void> {
    const expiration = entry.expires === undefined ? NEVER : seconds(entry.expires) + 1;
    // One statement in both MySQL and SQLite, as is the quoting.
    await this.change('REPLACE INTO `cache` (`key`, `value`, `expiration`) VALUES (?, ?, ?)', [
      columnOf(key),
      JSON.stringify(entry),
      Math.min(expiration, NEVER),
    ]);
    this.writes += 1;
    if (this.writes % SWEEP_EVERY === 0) void this.sweep();
  }

  async delete(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const columns = keys.map(columnOf);
    const places = columns.map(() => '?').join(', ');
    await this.change(`DELETE FROM \`cache\` WHERE \`key\` IN (${places})`, columns);
  }

  /** The table is one tenant's. */
  async clear(): Promise<void> {
    await this.change('DELETE FROM `cache`', []);
  }

  async close(): Promise<void> {}

  /** Who writes the same keys at once stands in each other's way on MySQL. */
  private async change(sql: string, parameters: readonly unknown[]): Promise<void> {
    await resendAfterDeadlock(() => this.dataSource.query(sql, [...parameters]));
  }

  /** What has expired is not found, but takes its place until then. */
  private async sweep(): Promise<void> {
    try {
      await this.change('DELETE FROM `cache` WHERE `expiration` <= ?', [seconds(Date.now())]);
    } catch (error) {
      this.logger.warn(`Expired entries of a cache were not deleted: ${String(error)}`);
    }
  }
}

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1_000);

function columnOf(key: string): string {
  return PLAIN.test(key) ? key : `#${createHash('sha256').update(key).digest('hex')}`;
}
