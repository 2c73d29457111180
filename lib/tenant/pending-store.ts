import { Inject, Injectable } from '@nestjs/common';
import { DataSource, In, type Repository } from 'typeorm';
import { insert, isDuplicate, update } from './central-rows.js';
import { Domain } from './domain.entity.js';
import { TenantRegistry } from './tenant-registry.js';
import { TenantStore } from './tenant-store.js';
import { Tenant, type ProvisioningStep } from './tenant.entity.js';
import { CENTRAL_DATA_SOURCE } from './tokens.js';

/** A database that waits for a tenant, or is being made for one to come. */
export interface PendingTenant {
  readonly id: string;
  readonly server: string;
  readonly step: ProvisioningStep;
  /** Of its schema; null when that is not known, or half-way. */
  readonly fingerprint: string | null;
}

/** The rows of tenants to come, which have no name yet. Each change is of one row, and of one of two at once. */
@Injectable()
export class PendingStore {
  constructor(
    @Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource,
    private readonly store: TenantStore,
    private readonly registry: TenantRegistry,
  ) {}

  /** Those of one server. */
  async list(server: string): Promise<readonly PendingTenant[]> {
    return this.tenants
      .createQueryBuilder('tenant')
      .leftJoin('tenant.schemaState', 'state')
      .select('tenant.id', 'id')
      .addSelect('tenant.placement.server', 'server')
      .addSelect('tenant.step', 'step')
      .addSelect(
        'CASE WHEN state.halfWay IS NULL THEN state.fingerprint ELSE NULL END',
        'fingerprint',
      )
      .where({ status: 'pending', placement: { server } })
      .getRawMany<PendingTenant>();
  }

  /**
   * Makes one that waits the tenant that is told, with its domains; or neither.
   * @param whole whether nothing is left to do for it
   * @returns false when another has it
   * @throws TenantConflictError when the slug or a host belongs to another: then it goes on waiting
   */
  async claim(
    id: string,
    steps: readonly ProvisioningStep[],
    tenant: Tenant,
    whole: boolean,
  ): Promise<boolean> {
    const { slug, name, settings } = tenant;
    const change = {
      slug,
      name,
      settings,
      ...(whole
        ? { status: 'active' as const, step: 'done' as const }
        : { status: 'provisioning' as const }),
      createdAt: () => 'CURRENT_TIMESTAMP',
    };
    const rename = async (tenants: Repository<Tenant>) =>
      (await update(tenants, { id, status: 'pending', step: In([...steps]) }, change)) === 1;
    try {
      const claimed = await (tenant.domains.length === 0
        ? rename(this.tenants)
        : this.central.transaction(async (manager) => {
            const renamed = await rename(manager.getRepository(Tenant));
            const domains = renamed ? tenant.domains : [];
            for (const { host, primaryOf } of domains) {
              const domain = { host, tenantId: id, primaryOf: primaryOf && id };
              await insert(manager.getRepository(Domain), Object.assign(new Domain(), domain));
            }
            return renamed;
          }));
      if (claimed) this.registry.invalidate(id);
      return claimed;
    } catch (error) {
      // It gets another database than it would have had made for it.
      const placement = { ...tenant.placement, database: '' };
      if (isDuplicate(error)) throw await this.store.conflictOf({ ...tenant, placement }, error);
      throw error;
    }
  }

  /** Marks one that waits, so that nobody claims it any more. @returns false when somebody has already */
  async retire(id: string): Promise<boolean> {
    return (await update(this.tenants, { id, status: 'pending' }, { step: 'dropping' })) === 1;
  }

  private get tenants(): Repository<Tenant> {
    return this.central.getRepository(Tenant);
  }
}
