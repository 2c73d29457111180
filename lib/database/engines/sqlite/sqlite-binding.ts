import type { Driver } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import type { LeaseSource, TypeOrmBinding } from '../engine.js';
import { LeasedSqliteQueryRunner } from './leased-sqlite-query-runner.js';

/** TypeORM's SQLite driver opens a handle when it starts; ours are opened per lease, so it gets one that holds nothing. */
class NoHandle {
  pragma(): void {}
  close(): void {}
}

/** @param busyTimeout milliseconds that a statement waits for the writer of another process */
export function sqliteBinding(busyTimeout: number): TypeOrmBinding {
  return {
    options: { type: 'better-sqlite3', database: ':memory:', driver: NoHandle },
    bind(driver: Driver, { lease }: LeaseSource): void {
      driver.createQueryRunner = () =>
        new LeasedSqliteQueryRunner(driver as BetterSqlite3Driver, lease, busyTimeout);
    },
  };
}
