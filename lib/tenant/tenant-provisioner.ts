import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { rememberWrite, runCentrally, runForTenant } from '../context/tenant-context.js';
import { ConnectionPoolManager } from '../database/connection-pool-manager.js';
import { DatabaseExistsError, DatabaseMissingError } from '../database/errors.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { CurrentTenants } from './current-tenants.js';
import { describe } from './errors.js';
import { TenantAccounts } from './tenant-accounts.js';
import { TenantStore } from './tenant-store.js';
import { migrationLock, TENANT_SCHEMAS, type TenantSchemas } from './tenant-schemas.js';
import type { ProvisioningStep, Tenant } from './tenant.entity.js';
import { Turns } from './turns.js';

/** Milliseconds to wait for another process that works on the same tenant. */
const LOCK_TIMEOUT = 10_000;

/**
 * Takes a tenant's database and account through its steps. Each is recorded when it is done, and can be done again: whoever comes
 * after a crash goes on where the record ends. One at a time per tenant, over all processes.
 */
@Injectable()
export class TenantProvisioner {
  private readonly turns: Turns;

  constructor(
    private readonly store: TenantStore,
    private readonly accounts: TenantAccounts,
    private readonly currentTenants: CurrentTenants,
    private readonly pools: ConnectionPoolManager,
    @Inject(TENANT_SCHEMAS) private readonly schemas: TenantSchemas,
    @Inject(TENANCY_OPTIONS) private readonly options: ResolvedTenancyOptions,
  ) {
    // Each holds its lock on one central connection and works on others: half of them must stay free.
    this.turns = new Turns(Math.max(1, Math.floor(options.central.server.maxConnections / 2)));
  }

  /** Runs `work` on a tenant, alone over all processes. What it knows of the row it must have read inside. */
  alone<T>(tenantId: string, work: () => Promise<T>): Promise<T> {
    const { centralAdministration } = this.pools;
    return runCentrally('provision a tenant', () =>
      this.turns.take(() =>
        centralAdministration.withLock(`tenancy:tenant:${tenantId}`, LOCK_TIMEOUT, work),
      ),
    );
  }

  /** Goes on with a migration of a tenant that did not come to its end. */
  async finishMigration(tenant: Tenant): Promise<void> {
    await this.schemas.repair(tenant);
  }

  /** Whether a migration is in force in part: in a database that was adopted, which nobody drops for it. */
  async isHalfWay(tenant: Tenant): Promise<boolean> {
    return tenant.databaseOrigin === 'adopted' && (await this.schemas.isHalfWay(tenant));
  }

  /** Goes on from the recorded step until nothing is left to do. */
  async finish(tenant: Tenant): Promise<void> {
    while (tenant.step !== 'done') await this.nextStep(tenant);
  }

  /** Where a database is ready for a tenant that is not there yet. */
  get readySteps(): readonly ProvisioningStep[] {
    return this.accounts.perTenant ? ['accredited'] : ['migrated', 'accredited'];
  }

  /** Goes on until it is ready for a tenant to come, or undoes what it did. */
  async makeReady(tenant: Tenant): Promise<void> {
    try {
      while (!this.readySteps.includes(tenant.step)) await this.nextStep(tenant);
    } catch (error) {
      await this.undo(tenant);
      throw error;
    }
  }

  /**
   * Drops a database whose migrations did not all end, so that {@link finish} begins with an empty one: MySQL and
   * MariaDB commit every DDL statement by itself, and a migration that is there in part cannot run again.
   */
  async startOver(tenant: Tenant): Promise<void> {
    if (tenant.step !== 'created' || tenant.databaseOrigin === 'adopted') return;
    await this.dropUnfinished(tenant);
    const generation = tenant.generation + 1;
    await this.store.update(tenant, { step: 'reserved', generation });
    Object.assign(tenant, { step: 'reserved', generation });
  }

  /** Drops the database if it was made here, and forgets the tenant. Only for one that never was active. */
  async undo(tenant: Tenant): Promise<void> {
    if (await this.madeDatabase(tenant)) {
      await this.record(tenant, 'dropping');
      await this.dropUnfinished(tenant);
    } else {
      // Whoever finishes it after all begins anew: without its account it would be served by the shared one.
      if (tenant.step !== 'reserved') await this.record(tenant, 'reserved');
      await this.accounts.remove(tenant);
    }
    await this.store.remove(tenant);
  }

  /** Deletes a tenant, and its database if that was made here: a failed creation may not have got so far. */
  async deleteAndDrop({ id }: Tenant): Promise<void> {
    await this.alone(id, async () => {
      const tenant = await this.store.get(id);
      const made = await this.madeDatabase(tenant);
      const step = made ? 'dropping' : 'dropped';
      await this.store.changeStatus(tenant, 'delete', { deletedAt: new Date(), step });
      if (made) await this.finishDropping(tenant);
    });
  }

  /** Drops the database and the account of a deleted tenant. */
  async finishDropping(tenant: Tenant): Promise<void> {
    await this.drop(tenant);
    await this.record(tenant, 'dropped');
  }

  private async nextStep(tenant: Tenant): Promise<void> {
    switch (tenant.step) {
      case 'reserved':
        return this.prepare(tenant);
      case 'creating':
        return this.create(tenant);
      case 'created':
        return this.migrate(tenant);
      case 'migrated':
        return this.accounts.perTenant ? this.makeAccount(tenant) : this.seed(tenant);
      case 'accredited':
        return this.seed(tenant);
      case 'seeded':
        return this.end(tenant);
      default:
        throw new Error(`A tenant in step "${tenant.step}" has nothing to finish`);
    }
  }

  /** After this a database of that name, if there is one, was made by us: nobody's was there before. */
  private async prepare(tenant: Tenant): Promise<void> {
    const { server, database } = tenant.placement;
    const exists = await this.pools.administration(server).databaseExists(database);
    if (tenant.databaseOrigin === 'adopted') {
      if (!exists) throw new DatabaseMissingError(server, database);
      return this.record(tenant, 'created');
    }
    if (exists) throw new DatabaseExistsError(server, database);
    return this.record(tenant, 'creating');
  }

  private async create(tenant: Tenant): Promise<void> {
    const { server, database } = tenant.placement;
    const administration = this.pools.administration(server);
    try {
      await administration.createDatabase(database);
    } catch (error) {
      // Killed after CREATE DATABASE and before this was recorded, ours is there and empty. Anything else is not ours.
      const ours =
        error instanceof DatabaseExistsError && (await administration.countTables(database)) === 0;
      if (!ours) {
        if (error instanceof DatabaseExistsError) await this.record(tenant, 'reserved');
        throw error;
      }
    }
    await this.record(tenant, 'created');
  }

  private async migrate(tenant: Tenant): Promise<void> {
    const dataSource = this.pools.provisioningDataSource(tenant);
    await this.schemas.bringUp(tenant, tenant.databaseOrigin === 'created');
    await createCacheTable(dataSource);
    await this.record(tenant, 'migrated');
  }

  private async makeAccount(tenant: Tenant): Promise<void> {
    await this.accounts.rotate(tenant);
    await this.record(tenant, 'accredited');
  }

  private async seed(tenant: Tenant): Promise<void> {
    const { seed } = this.options.tenants;
    if (seed === undefined) return this.end(tenant);
    // As it is now: with its account.
    const current = this.currentTenants.of(await this.store.get(tenant.id));
    // What was migrated, also before a crash, may not have come to the replicas yet.
    rememberWrite();
    await runForTenant(current, () => seed(current, this.pools.dataSource(current)));
    await this.record(tenant, 'seeded');
  }

  private async end(tenant: Tenant): Promise<void> {
    await this.store.changeStatus(tenant, 'provision', { step: 'done', failure: null });
  }

  private async madeDatabase({ databaseOrigin, step, placement }: Tenant): Promise<boolean> {
    if (databaseOrigin === 'adopted' || step === 'reserved') return false;
    if (step !== 'creating') return true;
    const administration = this.pools.administration(placement.server);
    return (
      (await administration.databaseExists(placement.database)) &&
      (await administration.countTables(placement.database)) === 0
    );
  }

  /** What a process sent before it was killed still runs on the server, and holds the lock of the migrations meanwhile. */
  private async dropUnfinished(tenant: Tenant): Promise<void> {
    const administration = this.pools.administration(tenant.placement.server);
    await administration.withLock(migrationLock(tenant.id), LOCK_TIMEOUT, () => this.drop(tenant));
  }

  private async drop(tenant: Tenant): Promise<void> {
    await this.pools.drain(tenant);
    const { server, database } = tenant.placement;
    await this.pools.administration(server).dropDatabase(database);
    await this.accounts.remove(tenant);
  }

  /** Leaves the tenant as failed, for {@link finish} to be tried again. */
  async fail(tenant: Tenant, cause: unknown): Promise<void> {
    await this.store.changeStatus(tenant, 'fail', { failure: describe(cause) });
  }

  private async record(tenant: Tenant, step: ProvisioningStep): Promise<void> {
    await this.store.update(tenant, { step });
    tenant.step = step;
  }
}

/** The table of TypeORM's query result cache, where the options turn that on: no migration makes it. */
async function createCacheTable(dataSource: DataSource): Promise<void> {
  if (dataSource.queryResultCache === undefined) return;
  const queryRunner = dataSource.createQueryRunner();
  try {
    await dataSource.queryResultCache.synchronize(queryRunner);
  } finally {
    await queryRunner.release();
  }
}
