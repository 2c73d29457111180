import type { DataSource, QueryRunner } from 'typeorm';
import type { CurrentTenant } from '../context/current-tenant.js';
import { runDetached } from '../context/tenant-context.js';
import type { ConnectionPoolManager } from '../database/connection-pool-manager.js';
import type { NamedRow, SchemaChanges } from '../database/engines/engine.js';
import { migrationLock } from '../tenant/tenant-schemas.js';

/** Where the schema of one tenant's database is changed. */
export interface SchemaSession {
  readonly dataSource: DataSource;
  /** Holds the lock of the tenant's migrations. */
  readonly queryRunner: QueryRunner;
  readonly changes: SchemaChanges;
  /** What was to be read, where it came with the lock. */
  readonly rows?: readonly NamedRow[];
}

/**
 * Runs `work` in a tenant's database with the rights to change its schema, under the lock of its migrations, which the
 * session of the work holds itself.
 * @param lockTimeout milliseconds
 * @param read what to read first, as {@link SchemaChanges.withLock} wants it
 * @throws LockTimeoutError when another has been at it for longer
 */
export function aloneInDatabase<T>(
  pools: ConnectionPoolManager,
  tenant: Pick<CurrentTenant, 'id' | 'slug' | 'placement'>,
  lockTimeout: number,
  work: (session: SchemaSession) => Promise<T>,
  read?: (dataSource: DataSource) => string,
): Promise<T> {
  // No request that may have caused it can abort it: DDL that runs is never killed.
  return runDetached(`migrate tenant "${tenant.slug}"`, async () => {
    const changes = pools.schemaChanges(tenant.placement.server);
    const dataSource = pools.provisioningDataSource(tenant);
    const queryRunner = dataSource.createQueryRunner();
    try {
      return await changes.withLock(
        queryRunner,
        migrationLock(tenant.id),
        lockTimeout,
        (rows) => work({ dataSource, queryRunner, changes, rows }),
        read?.(dataSource),
      );
    } finally {
      await queryRunner.release();
    }
  });
}
