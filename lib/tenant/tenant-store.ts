import { Inject, Injectable } from '@nestjs/common';
import {
  DataSource,
  In,
  MoreThan,
  Not,
  QueryFailedError,
  type FindOptionsWhere,
  type ObjectLiteral,
  type Repository,
} from 'typeorm';
import type { TenantStatus } from '../context/current-tenant.js';
import { TenantNotFoundError } from '../context/errors.js';
import { Domain } from './domain.entity.js';
import {
  DomainNotFoundError,
  TenantConflictError,
  TenantInputError,
  TenantTransitionError,
} from './errors.js';
import { normaliseHost } from './host.js';
import { isTenantId } from './tenant-id.js';
import { TenantRegistry } from './tenant-registry.js';
import { TRANSITIONS, type TransitionName } from './tenant-status.js';
import { Tenant } from './tenant.entity.js';
import { CENTRAL_DATA_SOURCE } from './tokens.js';

/** Which tenants `list` gives. */
export interface ListTenants {
  /** Default: all but deleted ones. */
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

/** The rows of tenants and domains. Every write is known to the registry when its promise resolves. */
@Injectable()
export class TenantStore {
  constructor(
    @Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource,
    private readonly registry: TenantRegistry,
  ) {}

  /** By id, slug or host; deleted tenants too. */
  async find(reference: string): Promise<Tenant | null> {
    const id = isTenantId(reference) ? reference : await this.idOf(reference);
    return id === undefined
      ? null
      : this.tenants.findOne({ where: { id }, relations: { domains: true } });
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
        status: status ?? Not('deleted'),
        ...(after !== undefined && { slug: MoreThan(after) }),
      },
      relations: { domains: true },
      order: { slug: 'ASC' },
      take: limit + 1,
    });
    if (tenants.length <= limit) return { tenants };
    const page = tenants.slice(0, limit);
    return { tenants: page, next: page[limit - 1].slug };
  }

  /**
   * Writes a new tenant and its domains, or neither.
   * @throws TenantConflictError when the slug, a host or the database belongs to another
   */
  async reserve(tenant: Tenant): Promise<void> {
    try {
      await this.central.transaction(async (manager) => {
        await insert(manager.getRepository(Tenant), tenant);
        for (const domain of tenant.domains) await insert(manager.getRepository(Domain), domain);
      });
    } catch (error) {
      if (isDuplicate(error)) throw await this.conflictOf(tenant, error);
      throw error;
    }
    this.registry.invalidate(tenant.id);
  }

  /** @throws TenantConflictError when the slug belongs to another */
  async update(
    { id, slug }: Tenant,
    change: Partial<Pick<Tenant, 'slug' | 'name' | 'settings' | 'step' | 'failure'>>,
  ): Promise<void> {
    try {
      await update(this.tenants, { id }, change);
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
    change: Partial<Pick<Tenant, 'deletedAt' | 'step' | 'failure'>> = {},
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
    await this.tenants.createQueryBuilder().delete().where({ id }).callListeners(false).execute();
    this.registry.invalidate(id);
    for (const { host } of domains) this.registry.invalidate(id, host);
  }

  /**
   * Adds a domain, as the primary one where there is none.
   * @throws TenantConflictError when the host belongs to a tenant
   */
  async addDomain({ host, tenantId }: Domain): Promise<void> {
    try {
      await this.changeDomains(tenantId, async (domains) => {
        const hasPrimary = await domains.existsBy({ primaryOf: tenantId });
        const primaryOf = hasPrimary ? null : tenantId;
        await insert(domains, domains.create({ host, tenantId, primaryOf }));
      });
    } catch (error) {
      if (isDuplicate(error)) throw new TenantConflictError('domain', host);
      throw error;
    }
    this.registry.invalidate(tenantId, host);
  }

  async removeDomain({ host, tenantId }: Domain): Promise<void> {
    await this.domains.createQueryBuilder().delete().where({ host }).callListeners(false).execute();
    this.registry.invalidate(tenantId, host);
  }

  /**
   * Makes `host` the primary domain of its tenant and the one before an ordinary one.
   * @throws DomainNotFoundError when it was removed at the same moment
   */
  async setPrimaryDomain({ host, tenantId }: Domain, slug: string): Promise<void> {
    await this.changeDomains(tenantId, async (domains) => {
      await update(domains, { primaryOf: tenantId }, { primaryOf: null });
      const changed = await update(domains, { host, tenantId }, { primaryOf: tenantId });
      if (changed === 0) throw new DomainNotFoundError(host, slug);
    });
    this.registry.invalidate(tenantId);
  }

  /** One change of a tenant's domains at a time, over all processes: the first statement locks the tenant's row. */
  private async changeDomains(
    tenantId: string,
    change: (domains: Repository<Domain>) => Promise<void>,
  ): Promise<void> {
    await this.central.transaction(async (manager) => {
      const id = tenantId;
      const locked = await update(manager.getRepository(Tenant), { id }, { id });
      if (locked === 0) throw new TenantNotFoundError(id);
      await change(manager.getRepository(Domain));
    });
  }

  private async idOf(slugOrHost: string): Promise<string | undefined> {
    const select = { id: true };
    const bySlug = await this.tenants.findOne({ where: { slug: slugOrHost }, select });
    if (bySlug !== null) return bySlug.id;
    const host = normaliseHost(slugOrHost);
    const byHost = host && (await this.tenants.findOne({ where: { domains: { host } }, select }));
    return byHost ? byHost.id : undefined;
  }

  private async conflictOf(tenant: Tenant, cause: unknown): Promise<unknown> {
    const { server, database } = tenant.placement;
    if (await this.tenants.existsBy({ slug: tenant.slug })) {
      return new TenantConflictError('slug', tenant.slug);
    }
    if (await this.tenants.existsBy({ placement: { server, database } })) {
      return new TenantConflictError('database', database);
    }
    for (const { host } of tenant.domains) {
      if (await this.domains.existsBy({ host })) return new TenantConflictError('domain', host);
    }
    return cause;
  }

  private get tenants(): Repository<Tenant> {
    return this.central.getRepository(Tenant);
  }

  private get domains(): Repository<Domain> {
    return this.central.getRepository(Domain);
  }
}

/** Without subscribers: the one that tells the registry would make it forget every tenant instead of this one. */
async function insert<T extends ObjectLiteral>(repository: Repository<T>, row: T): Promise<void> {
  await repository.createQueryBuilder().insert().values(row).callListeners(false).execute();
}

/** @returns how many rows matched */
async function update<T extends ObjectLiteral>(
  repository: Repository<T>,
  where: FindOptionsWhere<T>,
  change: NoInfer<Partial<T>>,
): Promise<number> {
  const { affected } = await repository
    .createQueryBuilder()
    .update()
    .set(change)
    .where(where)
    .callListeners(false)
    .execute();
  return affected ?? 0;
}

/** A unique key was violated: MySQL's and MariaDB's number, SQLite's code. */
function isDuplicate(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const { errno, code } = error.driverError as { errno?: number; code?: string };
  return (
    errno === 1062 || code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY'
  );
}
