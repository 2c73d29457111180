import { MigrationExecutor, type DataSource } from 'typeorm';
import type { ConnectionPoolManager } from '../database/connection-pool-manager.js';
import { CENTRAL_MIGRATIONS } from './central-migrations.js';
import { CentralMigrationError } from './errors.js';

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

/**
 * The names of what the central database lacks.
 * @throws CentralMigrationError where nothing can be known of tenants without it
 */
export async function pendingCentral(dataSource: DataSource): Promise<readonly string[]> {
  const names = await pendingOf(dataSource);
  const own = names.filter((name) =>
    CENTRAL_MIGRATIONS.some((migration) => migration.name === name),
  );
  if (own.length === 0) return names;
  throw new CentralMigrationError(
    new Error(`${own.join(', ')} must run before anything is known of tenants; migrate() runs it`),
  );
}

async function pendingOf(dataSource: DataSource): Promise<readonly string[]> {
  const queryRunner = dataSource.createQueryRunner();
  try {
    // The DataSource that is pinned to where the query runner is: this one follows the context.
    const { connection } = queryRunner.manager;
    const pending = await new MigrationExecutor(connection, queryRunner).getPendingMigrations();
    return pending.map(({ name }) => name);
  } finally {
    await queryRunner.release();
  }
}
