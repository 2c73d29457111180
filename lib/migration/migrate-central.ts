import type { DataSource } from 'typeorm';
import type { ConnectionPoolManager } from '../database/connection-pool-manager.js';

/** Milliseconds to wait for another process that migrates it. */
const LOCK_TIMEOUT = 60_000;

/**
 * Under a lock, so that processes that start together do not all create the same tables.
 * @returns the names of what it ran
 */
export async function migrateCentral(
  dataSource: DataSource,
  pools: ConnectionPoolManager,
): Promise<readonly string[]> {
  const { database } = pools.centralPlacement;
  return pools.centralAdministration.withLock(
    `tenancy:migrate:${database}`,
    LOCK_TIMEOUT,
    async () => {
      const ran = await dataSource.runMigrations({ transaction: 'each' });
      return ran.map(({ name }) => name);
    },
  );
}
