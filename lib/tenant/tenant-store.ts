import { Inject, Injectable } from '@nestjs/common';
import { DataSource, In, MoreThan, Not, type Repository } from 'typeorm';
import type { TenantSettings, TenantStatus } from '../context/current-tenant.js';
import { TenantNotFoundError } from '../context/errors.js';
import { insert, isDuplicate, remove, update } from './central-rows.js';
import { CurrentTenants } from './current-tenants.js';
import { Domain } from './domain.entity.js';
import { TenantConflictError, TenantInputError, TenantTransitionError } from './errors.js';
import { normaliseHost } from './host.js';
import { isTenantId } from './tenant-id.js';
import { TenantRegistry } from './tenant-registry.js';
import { NO_TENANTS, TRANSITIONS, type TransitionName } from './tenant-status.js';
import { Tenant } from './tenant.entity.js';
import { CENTRAL_DATA_SOURCE } from './tokens.js';

/** Which tenants `list` gives. */
export interface ListTenants {
  /** Default: all but deleted ones, and those that are kept ready for tenants to come. */
  readonly status?: TenantStatus;
  /** Goes on after this slug: `next` of the page before. */
  readonly after?: string;
  /** Tenants per page. Default 50. */
  readonly limit?: number;
}

export interface TenantPage {
  /** In the order of their slugs. */
  readonly tenants: readonly Tenant[];
  /** What to pass as `after` for the next page; undefined on the last. */
  readonly next?: string;
}

type TenantRowChange = Partial<
  Pick<Tenant, 'slug' | 'name' | 'settings' | 'step' | 'failure' | 'generation'>
>;

/** The rows of tenants. Every write is known to the registry when its promise resolves. */
@Injectable()
export class TenantStore {
  constructor(
    @Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource,
    private readonly registry: TenantRegistry,
    private readonly currentTenants: CurrentTenants,
  ) {}

  /** By id, slug or host; deleted tenants too. */
  async find(reference: string): Promise<Tenant | null> {
    const id = isTenantId(reference) ? reference : await this.idOf(reference);
    if (id === undefined) return null;
    // Not `findOne`, which takes two statements when it joins.
    const [tenant] = await this.tenants.find({ where: { id }, relations: this.relations });
    return tenant === undefined ? null : this.currentTenants.complete(tenant);
  }

  /** @throws TenantNotFoundError */
  async get(reference: string): Promise<Tenant> {
    const tenant = await this.find(reference);
    if (tenant === null) throw new TenantNotFoundError(reference);
    return tenant;
  }

  /** @throws TenantInputError */
  async list({ status, after, limit = 50 }: ListTenants): Promise<TenantPage> {
    if (!Number.isInteger(limit) || limit < 1) {
      throw new TenantInputError('limit', 'must be a whole number from 1 on');
    }
    const tenants = await this.tenants.find({
      where: {
        status: status ?? Not(In([...NO_TENANTS])),
        ...(after !== undefined && { slug: MoreThan(after) }),
      },
      relations: this.relations,
      order: { slug: 'ASC' },
      take: limit + 1,
    });
    await Promise.all(tenants.map((tenant) => this.currentTenants.complete(tenant)));
    if (tenants.length <= limit) return { tenants };
    const page = tenants.slice(0, limit);
    return { tenants: page, next: page[limit - 1].slug };
  }

  /** How many tenants that are not deleted each server has; a server without one is left out. */
  async countByServer(): Promise<ReadonlyMap<string, number>> {
    const counts = await this.tenants
      .createQueryBuilder('tenant')
      .select('tenant.placement.server', 'server')
      .addSelect('COUNT(*)', 'amount')
      .where({ status: Not(In([...NO_TENANTS])) })
      .groupBy('tenant.placement.server')
      .getRawMany<{ server: string; amount: string | number }>();
    return new Map(counts.map(({ server, amount }) => [server, Number(amount)]));
  }

  /**
   * Writes a new tenant and its domains, or neither.
   * @throws TenantConflictError when the slug, a host or the database belongs to another
   */
  async reserve(tenant: Tenant): Promise<void> {
    try {
      if (tenant.domains.length === 0) await insert(this.tenants, tenant);
      else {
        await this.central.transaction(async (manager) => {
          await insert(manager.getRepository(Tenant), tenant);
          for (const domain of tenant.domains) await insert(manager.getRepository(Domain), domain);
        });
      }
    } catch (error) {
      if (isDuplicate(error)) throw await this.conflictOf(tenant, error);
      throw error;
    }
    this.registry.invalidate(tenant.id);
  }

  /**
   * @param makeSettings of those that there are when it is called, which nobody changes until the new ones are there
   * @throws TenantConflictError when the slug belongs to another; TenantNotFoundError
   */
  async update(
    { id, slug }: Tenant,
    change: TenantRowChange,
    makeSettings?: (settings: TenantSettings) => TenantSettings,
  ): Promise<void> {
    try {
      if (makeSettings === undefined) await update(this.tenants, { id }, change);
      else {
        await this.central.transaction(async (manager) => {
          const tenants = manager.getRepository(Tenant);
          // Locks the row. What is read after it is what the last writer has committed.
          await update(tenants, { id }, { id });
          const now = await tenants.findOneBy({ id });
          if (now === null) throw new TenantNotFoundError(id);
          await update(tenants, { id }, { ...change, settings: makeSettings(now.settings) });
        });
      }
    } catch (error) {
      if (isDuplicate(error)) throw new TenantConflictError('slug', change.slug ?? slug);
      throw error;
    }
    this.registry.invalidate(id);
  }

  /**
   * Changes the status as the table of transitions allows, also when another process changes it at the same moment.
   * @throws TenantTransitionError
   */
  async changeStatus(
    tenant: Tenant,
    transition: TransitionName,
    change: Partial<Pick<Tenant, 'deletedAt' | 'step' | 'failure' | 'generation'>> = {},
  ): Promise<void> {
    const { id, slug } = tenant;
    const { from, to } = TRANSITIONS[transition];
    const changed = await update(
      this.tenants,
      { id, status: In([...from]) },
      { status: to, ...change },
    );
    this.registry.invalidate(id);
    if (changed === 0) {
      const { status } = await this.get(id);
      throw new TenantTransitionError(slug, status, transition, from);
    }
    Object.assign(tenant, change, { status: to });
  }

  /** Forgets a tenant and its domains. */
  async remove({ id, domains }: Tenant): Promise<void> {
    await remove(this.tenants, { id });
    this.registry.invalidate(id);
    for (const { host } of domains) this.registry.invalidate(id, host);
  }

  private async idOf(slugOrHost: string): Promise<string | undefined> {
    const select = { id: true };
    const bySlug = await this.tenants.findOne({ where: { slug: slugOrHost }, select });
    if (bySlug !== null) return bySlug.id;
    const host = normaliseHost(slugOrHost);
    const byHost = host && (await this.tenants.findOne({ where: { domains: { host } }, select }));
    return byHost ? byHost.id : undefined;
  }

  /** What of a new tenant belongs to another. */
  async conflictOf(
    tenant: Pick<Tenant, 'slug' | 'placement' | 'domains'>,
    cause: unknown,
  ): Promise<unknown> {
    const { server, database } = tenant.placement;
    if (await this.tenants.existsBy({ slug: tenant.slug })) {
      return new TenantConflictError('slug', tenant.slug);
    }
    if (await this.tenants.existsBy({ placement: { server, database } })) {
      return new TenantConflictError('database', database);
    }
    for (const { host } of tenant.domains) {
      if (await this.central.getRepository(Domain).existsBy({ host }))
        return new TenantConflictError('domain', host);
    }
    return cause;
  }

  private get tenants(): Repository<Tenant> {
    return this.central.getRepository(Tenant);
  }

  private get relations() {
    return { domains: true, ...this.currentTenants.relations };
  }
}
