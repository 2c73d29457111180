import type { QueryRunner } from 'typeorm';
import type { CurrentTenant } from '../context/current-tenant.js';
import { currentTenant, runCentrally } from '../context/tenant-context.js';
import { placementOf, samePlacement } from '../database/entity-owner.js';
import type { TenantRegistry } from './tenant-registry.js';

/** Whose database is written: mostly the one in context, but not for a DataSource that is pinned to another. */
export async function writtenTenant(
  queryRunner: QueryRunner,
  registry: TenantRegistry,
): Promise<CurrentTenant> {
  const placement = placementOf(queryRunner);
  const current = currentTenant();
  if (placement === undefined) throw new Error('The query runner is not a tenant’s.');
  if (current !== undefined && samePlacement(current.placement, placement)) return current;
  const tenant = await runCentrally('find the tenant of a write', () =>
    registry.atPlacement(placement),
  );
  if (tenant === null) throw new Error(`No tenant has the database ${placement.database}.`);
  return tenant;
}
