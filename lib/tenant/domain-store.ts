import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type Repository } from 'typeorm';
import { TenantNotFoundError } from '../context/errors.js';
import { insert, isDuplicate, remove, update } from './central-rows.js';
import { Domain } from './domain.entity.js';
import { DomainNotFoundError, TenantConflictError } from './errors.js';
import { TenantRegistry } from './tenant-registry.js';
import { Tenant } from './tenant.entity.js';
import { CENTRAL_DATA_SOURCE } from './tokens.js';

/** The rows of domains. Every write is known to the registry when its promise resolves. */
@Injectable()
export class DomainStore {
  constructor(
    @Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource,
    private readonly registry: TenantRegistry,
  ) {}

  /**
   * Adds a domain, as the primary one where there is none.
   * @throws TenantConflictError when the host belongs to a tenant
   */
  async add({ host, tenantId }: Domain): Promise<void> {
    try {
      await this.change(tenantId, async (domains) => {
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

  /** Removes a domain. The oldest of those that remain takes the place of the primary one. */
  async remove({ host, tenantId }: Domain): Promise<void> {
    await this.change(tenantId, async (domains) => {
      await remove(domains, { host, tenantId });
      if (await domains.existsBy({ primaryOf: tenantId })) return;
      // Times are whole seconds; of one second, by name.
      const [oldest] = await domains.find({
        where: { tenantId },
        order: { createdAt: 'ASC', host: 'ASC' },
        take: 1,
      });
      if (oldest !== undefined) {
        await update(domains, { host: oldest.host }, { primaryOf: tenantId });
      }
    });
    this.registry.invalidate(tenantId, host);
  }

  /**
   * Makes `host` the primary domain of its tenant and the one before an ordinary one.
   * @throws DomainNotFoundError when it was removed at the same moment
   */
  async setPrimary({ host, tenantId }: Domain, slug: string): Promise<void> {
    await this.change(tenantId, async (domains) => {
      await update(domains, { primaryOf: tenantId }, { primaryOf: null });
      const changed = await update(domains, { host, tenantId }, { primaryOf: tenantId });
      if (changed === 0) throw new DomainNotFoundError(host, slug);
    });
    this.registry.invalidate(tenantId);
  }

  /** One change of a tenant's domains at a time, over all processes: the first statement locks the tenant's row. */
  private async change(
    tenantId: string,
    work: (domains: Repository<Domain>) => Promise<void>,
  ): Promise<void> {
    await this.central.transaction(async (manager) => {
      const id = tenantId;
      const locked = await update(manager.getRepository(Tenant), { id }, { id });
      if (locked === 0) throw new TenantNotFoundError(id);
      await work(manager.getRepository(Domain));
    });
  }
}
