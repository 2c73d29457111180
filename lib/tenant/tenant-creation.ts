import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { ConnectionPoolManager } from '../database/connection-pool-manager.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { TenancyError } from '../tenancy.error.js';
import { checkDatabaseName, databaseNameFor } from './database-name.js';
import { TenantProvisioningError, describe } from './errors.js';
import { PendingTenants } from './pending-tenants.js';
import { TenancyEvents } from './tenancy-events.js';
import { newDomain } from './tenant-domains.js';
import {
  checkHost,
  checkName,
  checkSettings,
  checkSlug,
  type CreateTenant,
  type CreateTenantOptions,
} from './tenant-input.js';
import { TenantPlacing } from './tenant-placing.js';
import { TenantProvisioner } from './tenant-provisioner.js';
import { TenantStore } from './tenant-store.js';
import { Tenant } from './tenant.entity.js';

/** What `TenantService` does to create a tenant, and to finish or undo what a creation has left. */
@Injectable()
export class TenantCreation {
  constructor(
    private readonly placing: TenantPlacing,
    private readonly store: TenantStore,
    private readonly provisioner: TenantProvisioner,
    private readonly pending: PendingTenants,
    private readonly pools: ConnectionPoolManager,
    private readonly events: TenancyEvents,
    @Inject(TENANCY_OPTIONS) private readonly options: ResolvedTenancyOptions,
  ) {}

  async create(input: CreateTenant, { announce }: CreateTenantOptions = {}): Promise<Tenant> {
    const tenant = await this.newTenant(input);
    const namesDatabase = (input.adoptDatabase ?? input.database) !== undefined;
    const claimed = namesDatabase ? null : await this.pending.claim(tenant, announce);
    if (claimed === null) await announce?.(tenant.id);
    const created = claimed === null ? await this.make(tenant) : await this.takeOver(claimed);
    await this.events.emit('tenant.created', created);
    return created;
  }

  /** Finishes a creation that was left half done; it stays `failed` when that fails again. */
  async finish(tenant: Tenant): Promise<void> {
    try {
      await this.provisioner.startOver(tenant);
      await this.provisioner.finish(tenant);
    } catch (cause) {
      const { slug, step } = tenant;
      try {
        await this.provisioner.fail(tenant, cause);
      } catch (recording) {
        throw new TenantProvisioningError(slug, step, false, both(cause, recording));
      }
      await this.events.emit('tenant.failed', tenant);
      throw new TenantProvisioningError(slug, step, false, cause);
    }
    await this.events.emit('tenant.created', tenant);
  }

  private async make(tenant: Tenant): Promise<Tenant> {
    await this.events.emit('tenant.creating', tenant);
    await this.provisioner.alone(tenant.id, async () => {
      await this.store.reserve(tenant);
      await this.finishOrUndo(tenant);
    });
    return this.store.get(tenant.id);
  }

  /** What is left to do for a tenant whose database was ready: its seed, if there is one. */
  private async takeOver(claimed: Tenant): Promise<Tenant> {
    // Its id is known since the claim: only now can it be told.
    await this.events
      .emit('tenant.creating', claimed)
      .catch((refusal: unknown) => this.giveUp(claimed, refusal));
    if (claimed.step === 'done') return claimed;
    const { id } = claimed;
    await this.provisioner.alone(id, async () => {
      const tenant = await this.store.get(id);
      // It was to be seen since it was claimed, and so to be repaired.
      if (tenant.step !== 'done') await this.finishOrUndo(tenant);
    });
    return this.store.get(id);
  }

  /** Whoever may refuse a creation has done so: nothing is left of it, as of one that has not begun. */
  private async giveUp(claimed: Tenant, refusal: unknown): Promise<never> {
    const { id, slug, step } = claimed;
    try {
      await this.provisioner.alone(id, async () => this.provisioner.undo(await this.store.get(id)));
    } catch (undoing) {
      throw new TenantProvisioningError(slug, step, false, both(refusal, undoing));
    }
    throw refusal;
  }

  private async newTenant(input: CreateTenant): Promise<Tenant> {
    const slug = checkSlug(input.slug);
    const name = checkName(input.name ?? slug);
    const settings = checkSettings(input.settings ?? {});
    const hosts = [...new Set((input.domains ?? []).map(checkHost))];
    const { databasePrefix } = this.options.tenants;
    const database = input.adoptDatabase ?? input.database ?? databaseNameFor(databasePrefix, slug);
    checkDatabaseName(database, this.pools.centralPlacement.database);
    const server = await this.placing.serverFor(input);
    const id = randomUUID();
    return Object.assign(new Tenant(), {
      id,
      slug,
      name,
      status: 'provisioning',
      placement: { server, database },
      databaseOrigin: input.adoptDatabase === undefined ? 'created' : 'adopted',
      step: 'reserved',
      failure: null,
      settings,
      generation: 1,
      deletedAt: null,
      domains: hosts.map((host, index) => newDomain(id, host, index === 0)),
    } as const);
  }

  private async finishOrUndo(tenant: Tenant): Promise<void> {
    try {
      await this.provisioner.finish(tenant);
    } catch (cause) {
      const { slug, step } = tenant;
      let halfWay = false;
      try {
        await this.provisioner.fail(tenant, cause);
        await this.events.emit('tenant.failed', tenant);
        // What of the migration is in force, only the tenant's record says: `repair` goes on with it.
        halfWay = await this.provisioner.isHalfWay(tenant);
        if (!halfWay) await this.provisioner.undo(tenant);
      } catch (undoing) {
        throw new TenantProvisioningError(slug, step, false, both(cause, undoing));
      }
      // What says itself what is wrong with the wish (a database of that name is there) needs no wrapping.
      if (cause instanceof TenancyError) throw cause;
      throw new TenantProvisioningError(slug, step, !halfWay, cause);
    }
  }
}

/** A failure, and the one that came of dealing with it. */
function both(cause: unknown, then: unknown): AggregateError {
  return new AggregateError([cause, then], `${describe(cause)}, and then ${describe(then)}`);
}
