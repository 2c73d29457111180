import { Inject, Injectable } from '@nestjs/common';
import type { TenantSettings } from '../../context/current-tenant.js';
import { runForTenant } from '../../context/tenant-context.js';
import type { QuotaLimit } from '../../options/quota-options.js';
import { QuotaSettingsError } from '../../options/quota-settings-error.js';
import { limitsOf } from '../../options/quota-terms.js';
import type { ResolvedQuotas, ResolvedTenancyOptions } from '../../options/resolve.js';
import { TENANCY_OPTIONS } from '../../options/tokens.js';
import { QuotaService } from '../../quota/quota.service.js';
import type { Tenant } from '../../tenant/tenant.entity.js';
import { TenantService } from '../../tenant/tenant.service.js';
import { QuotaNotFoundError, QuotaSettingsConflictError } from '../errors.js';
import type { QuotaView } from './quota-view.js';

/** The quotas of tenants, as somebody sees and sets them who is none of them. */
@Injectable()
export class AdminQuotas {
  private readonly options: ResolvedQuotas;

  constructor(
    private readonly quotas: QuotaService,
    private readonly tenants: TenantService,
    @Inject(TENANCY_OPTIONS) { quota }: ResolvedTenancyOptions,
  ) {
    this.options = quota;
  }

  /** @throws QuotaSettingsConflictError */
  async list(tenant: Tenant): Promise<readonly QuotaView[]> {
    return asConflict(async () => {
      // Whatever its status and its migrations: counts are not in its database.
      const states = await runForTenant(tenant, () => this.quotas.usage());
      const limits = limitsOf(tenant, this.options);
      const own = this.ownLimits(tenant.settings);
      return Object.entries(this.options.catalogue).map(([key, { kind, period }], index) => {
        const state = states[index];
        return {
          key,
          kind,
          limit: limits.get(key) ?? null,
          overridden: Object.hasOwn(own, key),
          used: state?.used ?? null,
          reserved: state?.reserved ?? 0,
          remaining: state?.remaining ?? null,
          percentage: state?.percentage ?? null,
          status: state?.status ?? 'ok',
          period,
          resetsAt: state?.resetsAt?.toISOString() ?? null,
        };
      });
    });
  }

  /**
   * Gives a tenant a limit of its own, or its plan's again.
   * @param limit undefined: its plan's
   * @throws QuotaNotFoundError, QuotaSettingsConflictError
   */
  async override(tenant: Tenant, key: string, limit: QuotaLimit | undefined): Promise<QuotaView> {
    const keys = Object.keys(this.options.catalogue);
    if (!keys.includes(key)) throw new QuotaNotFoundError(key, keys);
    return asConflict(async () => {
      const changed = await this.tenants.update(tenant, {
        settings: (settings) => this.withLimit({ ...tenant, settings }, key, limit),
      });
      const all = await this.list(changed);
      return all[keys.indexOf(key)];
    });
  }

  /** @throws QuotaSettingsError rather than to go on from settings that say nothing of use */
  private withLimit(
    tenant: Pick<Tenant, 'slug' | 'settings'>,
    key: string,
    limit: QuotaLimit | undefined,
  ): TenantSettings {
    limitsOf(tenant, this.options);
    const { [key]: _, ...others } = this.ownLimits(tenant.settings);
    const own = limit === undefined ? others : { ...others, [key]: limit };
    return { ...tenant.settings, [this.options.limitsSetting]: own };
  }

  /** Checked by `limitsOf` before. */
  private ownLimits(settings: TenantSettings): Readonly<Record<string, unknown>> {
    const own = settings[this.options.limitsSetting];
    return typeof own === 'object' && own !== null ? { ...own } : {};
  }
}

async function asConflict<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof QuotaSettingsError ? new QuotaSettingsConflictError(error) : error;
  }
}
