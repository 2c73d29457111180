import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type QueryResult } from 'typeorm';
import { resendAfterDeadlock } from '../database/deadlock.js';
import type {
  FindSessions,
  SessionChange,
  SessionRow,
  SessionRows,
  StoredSession,
} from './session-rows.js';

interface Row {
  readonly id: string;
  readonly user_id: string | null;
  readonly ip_address: string | null;
  readonly user_agent: string | null;
  readonly last_activity: number;
}

const COLUMNS = 'id, user_id, ip_address, user_agent, last_activity';

/** Rows that one statement deletes, so that none holds its locks, or SQLite's process, for more than some milliseconds. */
const BATCH = 500;

/** The table `sessions` of the tenant's own database. */
@Injectable()
export class DatabaseSessions implements SessionRows {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async read(key: string): Promise<StoredSession | undefined> {
    const [row] = await this.rows<Row & { payload: string }>(
      `SELECT ${COLUMNS}, payload FROM sessions WHERE id = ?`,
      [key],
    );
    return row && { ...sessionOf(row), payload: row.payload };
  }

  async insert(session: StoredSession): Promise<void> {
    const { key, user, ipAddress, userAgent, lastActivity, payload } = session;
    await this.query(`INSERT INTO sessions (${COLUMNS}, payload) VALUES (?, ?, ?, ?, ?, ?)`, [
      key,
      user ?? null,
      ipAddress ?? null,
      userAgent ?? null,
      lastActivity,
      payload,
    ]);
  }

  async update(key: string, change: SessionChange): Promise<void> {
    const { payload, lastActivity, user, expectedUser } = change;
    const sameUser = expectedUser === undefined ? 'user_id IS NULL' : 'user_id = ?';
    await this.query(
      `UPDATE sessions SET payload = ?, last_activity = ?, user_id = ? WHERE id = ? AND ${sameUser}`,
      [
        payload,
        lastActivity,
        user ?? null,
        key,
        ...(expectedUser === undefined ? [] : [expectedUser]),
      ],
    );
  }

  async touch(key: string, lastActivity: number): Promise<void> {
    await this.query('UPDATE sessions SET last_activity = ? WHERE id = ?', [lastActivity, key]);
  }

  async remove(key: string): Promise<boolean> {
    const { affected } = await this.query('DELETE FROM sessions WHERE id = ?', [key]);
    return affected === 1;
  }

  async find({ user, prefix, after, limit, offset }: FindSessions): Promise<SessionRow[]> {
    const ofUser = user === undefined ? '' : 'AND user_id = ?';
    const rows = await this.rows<Row>(
      `SELECT ${COLUMNS} FROM sessions WHERE last_activity > ? AND id LIKE ? ${ofUser}
       ORDER BY last_activity DESC, id LIMIT ? OFFSET ?`,
      [after, `${prefix}%`, ...(user === undefined ? [] : [user]), limit, offset],
    );
    return rows.map(sessionOf);
  }

  async removeAll({ user, except = '' }: { user?: string; except?: string }): Promise<number> {
    const ofUser = user === undefined ? '' : 'AND user_id = ?';
    const values = [except, ...(user === undefined ? [] : [user])];
    let removed = 0;
    for (;;) {
      const batch = await this.removeBatch(`id <> ? ${ofUser}`, values, BATCH);
      removed += batch.removed;
      if (batch.found < BATCH) return removed;
    }
  }

  async sweep(until: number, limit: number): Promise<number> {
    return (await this.removeBatch('last_activity <= ?', [until], limit)).removed;
  }

  /**
   * By their keys, read before: a DELETE over a range would lock the gaps in it, where others insert. One that does not
   * meet the condition any more, because it was used in between, stays.
   */
  private async removeBatch(
    condition: string,
    values: readonly unknown[],
    limit: number,
  ): Promise<{ found: number; removed: number }> {
    const rows = await this.rows<Pick<Row, 'id'>>(
      `SELECT id FROM sessions WHERE ${condition} LIMIT ?`,
      [...values, limit],
    );
    if (rows.length === 0) return { found: 0, removed: 0 };
    const marks = rows.map(() => '?').join(', ');
    const { affected } = await this.query(
      `DELETE FROM sessions WHERE id IN (${marks}) AND ${condition}`,
      [...rows.map(({ id }) => id), ...values],
    );
    return { found: rows.length, removed: affected ?? 0 };
  }

  private async rows<T>(sql: string, values: readonly unknown[]): Promise<readonly T[]> {
    return (await this.query(sql, values)).records as T[];
  }

  /** Never on a replica: who has just logged in must be known to be. */
  private async query(sql: string, values: readonly unknown[]): Promise<QueryResult> {
    const queryRunner = this.dataSource.createQueryRunner('master');
    try {
      // Who sweeps, and who uses a session, may come to its row and its indexes from opposite sides.
      return await resendAfterDeadlock(() => queryRunner.query(sql, [...values], true));
    } finally {
      await queryRunner.release();
    }
  }
}

function sessionOf({ id, user_id, ip_address, user_agent, last_activity }: Row): SessionRow {
  return {
    key: id,
    ...(user_id !== null && { user: user_id }),
    ...(ip_address !== null && { ipAddress: ip_address }),
    ...(user_agent !== null && { userAgent: user_agent }),
    lastActivity: last_activity,
  };
}
