import { Injectable } from '@nestjs/common';
import type { QueryRunner } from 'typeorm';
import { runDetached } from '../context/tenant-context.js';
import { ConnectionPoolManager } from '../database/connection-pool-manager.js';
import { describe } from '../tenant/errors.js';
import { KnownMigrations, type KnownMigration } from './known-migrations.js';
import { MigrationLedger } from './migration-ledger.js';
import type { PlannedMigration, PlannedMigrations } from './migration-report.js';
import { kindOf, nothingWritten } from './statement.js';
import type { ListedTenant } from './tenant-listing.js';

/** Finds out what would run, by having migrations run with nothing but what they read going to the server. */
@Injectable()
export class MigrationPlanner {
  constructor(
    private readonly pools: ConnectionPoolManager,
    private readonly known: KnownMigrations,
  ) {}

  /** One tenant of each schema is asked, and speaks for all that have it. */
  async planFor(tenants: readonly ListedTenant[]): Promise<readonly PlannedMigrations[]> {
    const groups = new Map<string, ListedTenant[]>();
    for (const tenant of tenants) {
      const schema = tenant.fingerprint ?? `unknown: ${tenant.id}`;
      groups.set(schema, [...(groups.get(schema) ?? []), tenant]);
    }
    const plans: PlannedMigrations[] = [];
    for (const group of groups.values()) {
      const migrations = await this.planOf(group[0]);
      plans.push({ tenants: group.map(({ slug }) => slug), migrations });
    }
    return plans.filter(({ migrations }) => migrations.length > 0);
  }

  private planOf(tenant: ListedTenant): Promise<readonly PlannedMigration[]> {
    return runDetached(`plan the migrations of tenant "${tenant.slug}"`, async () => {
      const dataSource = this.pools.provisioningDataSource(tenant);
      const queryRunner = dataSource.createQueryRunner();
      try {
        const executed = await new MigrationLedger(dataSource, queryRunner).executed(false);
        const pending = this.known.all.filter(({ name }) => !executed.includes(name));
        const planned: PlannedMigration[] = [];
        for (const migration of pending) planned.push(await plan(migration, queryRunner));
        return planned;
      } finally {
        await queryRunner.release();
      }
    });
  }
}

async function plan(
  { name, instance }: KnownMigration,
  queryRunner: QueryRunner,
): Promise<PlannedMigration> {
  const statements: string[] = [];
  const query: QueryRunner['query'] = queryRunner.query.bind(queryRunner);
  const reading = async (sql: string, values?: unknown[], structured?: boolean) => {
    const kind = kindOf(sql);
    if (kind === 'passing') return query(sql, values, structured as true);
    if (kind !== 'transaction') statements.push(readable(sql, values));
    return nothingWritten(structured === true);
  };
  Object.assign(queryRunner, { query: reading });
  try {
    await instance.up(queryRunner);
    return { name, statements };
  } catch (error) {
    // It may build on what those before it would have made.
    return { name, unknown: describe(error) };
  } finally {
    Object.assign(queryRunner, { query });
  }
}

function readable(sql: string, values: unknown[] = []): string {
  return values.length === 0 ? sql : `${sql} /* ${JSON.stringify(values)} */`;
}
