import { Injectable } from '@nestjs/common';
import type { CurrentTenant, TenantSettings, TenantStatus } from '../context/current-tenant.js';
import {
  CredentialsSharedError,
  DatabaseNotOwnedError,
  TenantConfirmationError,
  TenantDataGoneError,
  TenantTransitionError,
} from './errors.js';
import { TenancyEvents, type TenancyEventName } from './tenancy-events.js';
import { TenantAccounts } from './tenant-accounts.js';
import { TenantCreation } from './tenant-creation.js';
import { TenantDomains } from './tenant-domains.js';
import {
  checkName,
  checkSettings,
  checkSlug,
  type CreateTenant,
  type CreateTenantOptions,
  type UpdateTenant,
} from './tenant-input.js';
import { TenantProvisioner } from './tenant-provisioner.js';
import type { TransitionName } from './tenant-status.js';
import { TenantStore, type ListTenants, type TenantPage } from './tenant-store.js';
import type { Tenant } from './tenant.entity.js';

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

/** Those whose data are served, or were and will be. */
const WITH_ACCOUNT: readonly TenantStatus[] = ['active', 'suspended', 'blocked'];

/**
 * The life of tenants. Every method works on the central database, whatever the context; a change is in force in this
 * process when its promise resolves.
 */
@Injectable()
export class TenantService {
  constructor(
    private readonly store: TenantStore,
    private readonly creation: TenantCreation,
    private readonly domains: TenantDomains,
    private readonly accounts: TenantAccounts,
    private readonly provisioner: TenantProvisioner,
    private readonly events: TenancyEvents,
  ) {}

  /**
   * Creates a tenant: reserves its row, creates and migrates its database, seeds it, and makes it active. When a step
   * fails, what this call made is undone.
   * @throws TenantInputError, TenantConflictError, DatabaseExistsError, DatabaseMissingError (of `adoptDatabase`)
   * @throws TenantProvisioningError with the failure as its cause
   */
  async create(input: CreateTenant, options: CreateTenantOptions = {}): Promise<Tenant> {
    return this.creation.create(input, options);
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

  /** @throws TenantNotFoundError, TenantInputError, TenantConflictError, and what `settings` throws as a function */
  async update(reference: TenantReference, change: UpdateTenant): Promise<Tenant> {
    const { slug, name, settings } = change;
    const make = typeof settings === 'function' ? settings : undefined;
    const given = typeof settings === 'function' ? undefined : settings;
    const checked = {
      ...(slug !== undefined && { slug: checkSlug(slug) }),
      ...(name !== undefined && { name: checkName(name) }),
      ...(given !== undefined && { settings: checkSettings(given) }),
    };
    const tenant = await this.get(reference);
    await this.events.emit('tenant.updating', tenant);
    const makeChecked = make && ((now: TenantSettings) => checkSettings(make(now)));
    if (makeChecked !== undefined || Object.keys(checked).length > 0) {
      await this.store.update(tenant, checked, makeChecked);
    }
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
    await this.events.emit('tenant.deleting', tenant);
    if (dropDatabase) await this.provisioner.deleteAndDrop(tenant);
    else await this.store.changeStatus(tenant, 'delete', { deletedAt: new Date() });
    return this.changed(tenant, 'tenant.deleted');
  }

  /**
   * Brings a deleted tenant back, active, with the data and domains that it had; failed, for {@link repair}, when its
   * creation had never finished. It is of a new generation: sessions from before are stale.
   * @throws TenantDataGoneError when its database was dropped
   * @throws LockTimeoutError while another process works on the tenant
   */
  async restore(reference: TenantReference): Promise<Tenant> {
    const tenant = await this.get(reference);
    refuseGone(tenant);
    await this.events.emit('tenant.restoring', tenant);
    await this.provisioner.alone(tenant.id, async () => {
      // Whoever drops a database holds the same lock until it is gone, and may have begun since.
      const now = await this.get(tenant);
      refuseGone(now);
      const unfinished = now.status === 'deleted' && now.step !== 'done';
      const generation = now.generation + 1;
      const change = { deletedAt: null, generation };
      await this.store.changeStatus(now, unfinished ? 'reopen' : 'restore', change);
    });
    return this.changed(tenant, 'tenant.restored');
  }

  /** Leads a host to the tenant. @throws TenantInputError, TenantConflictError */
  async addDomain(
    reference: TenantReference,
    host: string,
    { primary = false }: { readonly primary?: boolean } = {},
  ): Promise<Tenant> {
    return this.domains.add(await this.get(reference), host, primary);
  }

  /**
   * The host leads nowhere from now on. When it was the primary domain, the oldest of the others takes its place.
   * @throws DomainNotFoundError
   */
  async removeDomain(reference: TenantReference, host: string): Promise<Tenant> {
    return this.domains.remove(await this.get(reference), host);
  }

  /** Makes one of the tenant's domains the one that links are made with. @throws DomainNotFoundError */
  async setPrimaryDomain(reference: TenantReference, host: string): Promise<Tenant> {
    return this.domains.setPrimary(await this.get(reference), host);
  }

  /**
   * Gives a tenant a new account on its server, with a new password under the first of `tenants.credentialKeys`, and
   * drops the old one. No request is lost: one that holds the old account is refused when it logs in, before it has run
   * anything, and goes on with the new one. Sessions that are logged in already go on until they are closed.
   *
   * It is also how a tenant that was created while the options said `shared` gets an account of its own: until then it
   * is reached by the account of its server's URL.
   * @throws CredentialsSharedError where tenants have no accounts of their own
   * @throws TenantTransitionError for a tenant that is deleted or not there yet
   * @throws LockTimeoutError while another process works on the tenant
   */
  async rotateCredentials(reference: TenantReference): Promise<Tenant> {
    if (!this.accounts.perTenant) throw new CredentialsSharedError();
    const tenant = await this.get(reference);
    await this.events.emit('tenant.credentials-rotating', tenant);
    await this.provisioner.alone(tenant.id, async () => {
      const now = await this.get(tenant);
      const { slug, status } = now;
      if (!WITH_ACCOUNT.includes(status)) {
        throw new TenantTransitionError(slug, status, 'rotate the credentials of', WITH_ACCOUNT);
      }
      await this.accounts.rotate(now);
    });
    return this.changed(tenant, 'tenant.credentials-rotated');
  }

  /**
   * Finishes (or undoes) what a crash or a failure has left half done: a creation, the dropping of a database, or of an
   * account after a rotation; and a migration that is half-way, which it goes on with. Does nothing to a tenant that is
   * whole.
   * @returns the tenant as it is now, or null when its creation was undone
   * @throws TenantMigrationError, TenantHalfWayError when a migration cannot be finished
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
        if (step !== 'dropping') return;
        await this.provisioner.finishDropping(tenant);
        // Whoever deleted it did not get as far.
        await this.events.emit('tenant.deleted', tenant);
      } else if (status === 'provisioning' || status === 'failed') {
        // What was being undone has lost its database already, or is about to.
        if (undo || step === 'dropping') await this.provisioner.undo(tenant);
        else await this.creation.finish(tenant);
      } else {
        await this.accounts.dropUnused(tenant);
        await this.provisioner.finishMigration(tenant);
      }
    });
    return this.store.find(id);
  }

  private async become(
    reference: TenantReference,
    transition: TransitionName,
    before: TenancyEventName,
    after: TenancyEventName,
  ): Promise<Tenant> {
    const tenant = await this.get(reference);
    await this.events.emit(before, tenant);
    await this.store.changeStatus(tenant, transition);
    return this.changed(tenant, after);
  }

  private async changed(tenant: Tenant, event: TenancyEventName): Promise<Tenant> {
    const now = await this.store.get(tenant.id);
    await this.events.emit(event, now);
    return now;
  }
}

/** @throws TenantDataGoneError */
function refuseGone({ slug, status, step }: Tenant): void {
  const isGone = step === 'dropping' || step === 'dropped';
  if (status === 'deleted' && isGone) throw new TenantDataGoneError(slug);
}

function referenceOf(tenant: TenantReference): string {
  return typeof tenant === 'string' ? tenant : tenant.id;
}
