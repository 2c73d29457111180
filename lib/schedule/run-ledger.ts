import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CENTRAL_DATA_SOURCE } from '../tenant/tokens.js';

/** The last run of a scheduled method, in any process. Times are in milliseconds since 1970. */
export interface ScheduledRun {
  readonly beganAt: number;
  /** Undefined while it runs, and for ever when its process was killed. */
  readonly endedAt?: number;
}

interface Row {
  readonly began_at: number | string;
  readonly ended_at: number | string | null;
}

/** The table of runs, in the central database. Whoever writes holds the method's lock. */
@Injectable()
export class RunLedger {
  constructor(@Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource) {}

  async last(name: string): Promise<ScheduledRun | undefined> {
    const [row] = await this.central.query<Row[]>(
      'SELECT began_at, ended_at FROM tenancy_scheduled_runs WHERE name = ?',
      [name],
    );
    if (row === undefined) return undefined;
    const { began_at: began, ended_at: ended } = row;
    return { beganAt: Number(began), ...(ended !== null && { endedAt: Number(ended) }) };
  }

  async begin(name: string, now: number, first: boolean): Promise<void> {
    await this.central.query(
      first
        ? 'INSERT INTO tenancy_scheduled_runs (began_at, ended_at, name) VALUES (?, NULL, ?)'
        : 'UPDATE tenancy_scheduled_runs SET began_at = ?, ended_at = NULL WHERE name = ?',
      [now, name],
    );
  }

  async end(name: string, now: number): Promise<void> {
    await this.central.query('UPDATE tenancy_scheduled_runs SET ended_at = ? WHERE name = ?', [
      now,
      name,
    ]);
  }
}
