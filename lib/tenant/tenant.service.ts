import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { CurrentTenant } from '../context/current-tenant.js';
import { ConnectionPoolManager } from '../database/connection-pool-manager.js';
import { ServerUnknownError } from '../database/errors.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { TenancyError } from '../tenancy.error.js';
import { checkDatabaseName, databaseNameFor } from './database-name.js';
import { Domain } from './domain.entity.js';
import {
  DatabaseNotOwnedError,
  DomainNotFoundError,
  TenantConfirmationError,
  TenantDataGoneError,
  TenantProvisioningError,
  describe,
} from './errors.js';
import { TenancyEvents, type TenancyEventName } from './tenancy-events.js';
import {
  checkHost,
  checkName,
  checkSettings,
  checkSlug,
  type CreateTenant,
  type UpdateTenant,
} from './tenant-input.js';
import { TenantProvisioner } from './tenant-provisioner.js';
import type { TransitionName } from './tenant-status.js';
import { TenantStore, type ListTenants, type TenantPage } from './tenant-store.js';
import { Tenant } from './tenant.entity.js';

/** A tenant, or its id, slug or one of its hosts. */
export type TenantReference = Pick<CurrentTenant, 'id'> | string;

export interface DeleteTenant {
  /** The tenant's exact name, so that nobody deletes the wrong one. */
  readonly confirm: string;
  /** Drop its database, too. Default false: it is kept, and `restore` brings the tenant back. */
  readonly dropDatabase?: boolean;
}

export interface RepairTenant {
  /** Undo an unfinished creation instead of finishing it. Default false. */
  readonly undo?: boolean;
}

/**
 * The life of tenants. Every method works on the central database, whatever the context; a change is in force in this
 * process when its promise resolves.
 */
@Injectable()
export class TenantService {
  constructor(
    private readonly store: TenantStore,
    private readonly provisioner: TenantProvisioner,
    private readonly pools: ConnectionPoolManager,
    private readonly events: TenancyEvents,
    @Inject(TENANCY_OPTIONS) private readonly options: ResolvedTenancyOptions,
  ) {}

  /**
   * Creates a tenant: reserves its row, creates and migrates its database, seeds it, and makes it active. When a step
   * fails, what this call made is undone.
   * @throws TenantInputError, TenantConflictError, DatabaseExistsError, DatabaseMissingError (of `adoptDatabase`)
   * @throws TenantProvisioningError with the failure as its cause
   */
  async create(input: CreateTenant): Promise<Tenant> {
    const tenant = this.newTenant(input);
    this.events.emit('tenant.creating', tenant);
    await this.provisioner.alone(tenant.id, async () => {
      await this.store.reserve(tenant);
      await this.finishOrUndo(tenant);
    });
    const created = await this.store.get(tenant.id);
    this.events.emit('tenant.created', created);
    return created;
  }

  /**
   * A tenant with its domains; deleted ones too.
   * @throws TenantNotFoundError
   */
  async get(tenant: TenantReference): Promise<Tenant> {
    return this.store.get(referenceOf(tenant));
  }

  /** A tenant with its domains by id, slug or host, or null; deleted ones too. */
  async find(reference: string): Promise<Tenant | null> {
    return this.store.find(reference);
  }

  /** Tenants with their domains, a page at a time. */
  async list(options: ListTenants = {}): Promise<TenantPage> {
    return this.store.list(options);
  }

  /** @throws TenantNotFoundError, TenantInputError, TenantConflictError */
  async update(reference: TenantReference, change: UpdateTenant): Promise<Tenant> {
    const { slug, name, settings } = change;
    const checked = {
      ...(slug !== undefined && { slug: checkSlug(slug) }),
      ...(name !== undefined && { name: checkName(name) }),
      ...(settings !== undefined && { settings: checkSettings(settings) }),
    };
    const tenant = await this.get(reference);
    this.events.emit('tenant.updating', tenant);
    if (Object.keys(checked).length > 0) await this.store.update(tenant, checked);
    return this.changed(tenant, 'tenant.updated');
  }

  /** Its requests are refused with 403 until it is activated again; its data stays. @throws TenantTransitionError */
  async suspend(reference: TenantReference): Promise<Tenant> {
    return this.become(reference, 'suspend', 'tenant.suspending', 'tenant.suspended');
  }

  /** Serves a suspended or blocked tenant again. @throws TenantTransitionError */
  async activate(reference: TenantReference): Promise<Tenant> {
    return this.become(reference, 'activate', 'tenant.activating', 'tenant.activated');
  }

  /** As suspended, for abuse instead of an unpaid bill. @throws TenantTransitionError */
  async block(reference: TenantReference): Promise<Tenant> {
    return this.become(reference, 'block', 'tenant.blocking', 'tenant.blocked');
  }

  /**
   * Deletes a tenant: nothing leads to it any more. Its row, domains and database are kept, unless `dropDatabase` says
   * so of the database; then it waits for the connections in use.
   * @throws TenantConfirmationError without the exact name
   * @throws DatabaseNotOwnedError for `dropDatabase` of an adopted database
   */
  async delete(reference: TenantReference, options: DeleteTenant): Promise<Tenant> {
    const { confirm, dropDatabase = false } = options;
    const tenant = await this.get(reference);
    if (confirm !== tenant.name) throw new TenantConfirmationError(tenant.slug);
    if (dropDatabase && tenant.databaseOrigin === 'adopted') {
      throw new DatabaseNotOwnedError(tenant.placement.database);
    }
    this.events.emit('tenant.deleting', tenant);
    if (dropDatabase) await this.provisioner.deleteAndDrop(tenant);
    else await this.store.changeStatus(tenant, 'delete', { deletedAt: new Date() });
    return this.changed(tenant, 'tenant.deleted');
  }

  /**
   * Brings a deleted tenant back, active, with the data and domains that it had; failed, for {@link repair}, when its
   * creation had never finished.
   * @throws TenantDataGoneError when its database was dropped
   */
  async restore(reference: TenantReference): Promise<Tenant> {
    const tenant = await this.get(reference);
    const { slug, status, step } = tenant;
    const deleted = status === 'deleted';
    if (deleted && (step === 'dropping' || step === 'dropped')) throw new TenantDataGoneError(slug);
    this.events.emit('tenant.restoring', tenant);
    const transition = deleted && step !== 'done' ? 'reopen' : 'restore';
    await this.store.changeStatus(tenant, transition, { deletedAt: null });
    return this.changed(tenant, 'tenant.restored');
  }

  /** Leads a host to the tenant. @throws TenantInputError, TenantConflictError */
  async addDomain(
    reference: TenantReference,
    host: string,
    { primary = false }: { readonly primary?: boolean } = {},
  ): Promise<Tenant> {
    const domain = checkHost(host);
    const tenant = await this.get(reference);
    this.events.emit('domain.adding', tenant, domain);
    const added = newDomain(tenant, domain, false);
    await this.store.addDomain(added);
    if (primary) await this.store.setPrimaryDomain(added, tenant.slug);
    return this.changed(tenant, 'domain.added', domain);
  }

  /** The host leads nowhere from now on. @throws DomainNotFoundError */
  async removeDomain(reference: TenantReference, host: string): Promise<Tenant> {
    const tenant = await this.get(reference);
    const domain = domainOf(tenant, host);
    this.events.emit('domain.removing', tenant, domain.host);
    await this.store.removeDomain(domain);
    return this.changed(tenant, 'domain.removed', domain.host);
  }

  /** Makes one of the tenant's domains the one that links are made with. @throws DomainNotFoundError */
  async setPrimaryDomain(reference: TenantReference, host: string): Promise<Tenant> {
    const tenant = await this.get(reference);
    const domain = domainOf(tenant, host);
    this.events.emit('domain.primary-changing', tenant, domain.host);
    await this.store.setPrimaryDomain(domain, tenant.slug);
    return this.changed(tenant, 'domain.primary-changed', domain.host);
  }

  /**
   * Finishes (or undoes) what a crash or a failure has left half done: a creation, or the dropping of a database.
   * Does nothing to a tenant that is whole.
   * @returns the tenant as it is now, or null when its creation was undone
   * @throws TenantProvisioningError when it fails again; LockTimeoutError while another process works on the tenant
   */
  async repair(
    reference: TenantReference,
    { undo = false }: RepairTenant = {},
  ): Promise<Tenant | null> {
    const { id } = await this.get(reference);
    await this.provisioner.alone(id, async () => {
      const tenant = await this.store.get(id);
      const { status, step } = tenant;
      if (status === 'deleted') {
        if (step === 'dropping') await this.provisioner.finishDropping(tenant);
      } else if (status === 'provisioning' || status === 'failed') {
        // What was being undone has lost its database already, or is about to.
        if (undo || step === 'dropping') await this.provisioner.undo(tenant);
        else await this.finishOrFail(tenant);
      }
    });
    return this.store.find(id);
  }

  private newTenant(input: CreateTenant): Tenant {
    const slug = checkSlug(input.slug);
    const server = input.server ?? this.pools.serverNames[0];
    if (!this.pools.serverNames.includes(server)) {
      throw new ServerUnknownError(server, this.pools.serverNames);
    }
    const { databasePrefix } = this.options.tenants;
    const database = input.adoptDatabase ?? input.database ?? databaseNameFor(databasePrefix, slug);
    checkDatabaseName(database, this.pools.centralPlacement.database);
    const tenant = Object.assign(new Tenant(), {
      id: randomUUID(),
      slug,
      name: checkName(input.name ?? slug),
      status: 'provisioning',
      placement: { server, database },
      databaseOrigin: input.adoptDatabase === undefined ? 'created' : 'adopted',
      step: 'reserved',
      failure: null,
      settings: checkSettings(input.settings ?? {}),
      generation: 1,
      deletedAt: null,
    } as const);
    const hosts = [...new Set((input.domains ?? []).map(checkHost))];
    tenant.domains = hosts.map((host, index) => newDomain(tenant, host, index === 0));
    return tenant;
  }

  private async finishOrUndo(tenant: Tenant): Promise<void> {
    try {
      await this.provisioner.finish(tenant);
    } catch (cause) {
      const { slug, step } = tenant;
      try {
        await this.provisioner.fail(tenant, cause);
        this.events.emit('tenant.failed', tenant);
        await this.provisioner.undo(tenant);
      } catch (undoing) {
        throw new TenantProvisioningError(slug, step, false, both(cause, undoing));
      }
      // What says itself what is wrong with the wish (a database of that name is there) needs no wrapping.
      if (cause instanceof TenancyError) throw cause;
      throw new TenantProvisioningError(slug, step, true, cause);
    }
  }

  private async finishOrFail(tenant: Tenant): Promise<void> {
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
      this.events.emit('tenant.failed', tenant);
      throw new TenantProvisioningError(slug, step, false, cause);
    }
    this.events.emit('tenant.created', tenant);
  }

  private async become(
    reference: TenantReference,
    transition: TransitionName,
    before: TenancyEventName,
    after: TenancyEventName,
  ): Promise<Tenant> {
    const tenant = await this.get(reference);
    this.events.emit(before, tenant);
    await this.store.changeStatus(tenant, transition);
    return this.changed(tenant, after);
  }

  private async changed(tenant: Tenant, event: TenancyEventName, host?: string): Promise<Tenant> {
    const now = await this.store.get(tenant.id);
    this.events.emit(event, now, host);
    return now;
  }
}

function referenceOf(tenant: TenantReference): string {
  return typeof tenant === 'string' ? tenant : tenant.id;
}

/** A failure, and the one that came of dealing with it. */
function both(cause: unknown, then: unknown): AggregateError {
  return new AggregateError([cause, then], `${describe(cause)}, and then ${describe(then)}`);
}

function newDomain(tenant: Tenant, host: string, primary: boolean): Domain {
  return Object.assign(new Domain(), {
    host,
    tenantId: tenant.id,
    primaryOf: primary ? tenant.id : null,
  });
}

function domainOf(tenant: Tenant, host: string): Domain {
  const wanted = checkHost(host);
  const domain = tenant.domains.find((candidate) => candidate.host === wanted);
  if (domain === undefined) throw new DomainNotFoundError(wanted, tenant.slug);
  return domain;
}
