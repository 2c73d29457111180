import { Injectable } from '@nestjs/common';
import { TenantNotFoundError } from '../../context/errors.js';
import { isSlug } from '../../tenant/slug.js';
import { isTenantId } from '../../tenant/tenant-id.js';
import type { Tenant } from '../../tenant/tenant.entity.js';
import { TenantService } from '../../tenant/tenant.service.js';

/** Tenants as the paths of the admin API name them. */
@Injectable()
export class AdminTenants {
  constructor(private readonly tenants: TenantService) {}

  /**
   * By id or slug; deleted ones too. Not by a host: one could be another tenant's slug.
   * @throws TenantNotFoundError
   */
  async get(reference: string): Promise<Tenant> {
    const named = isTenantId(reference) || isSlug(reference);
    const tenant = named ? await this.tenants.find(reference) : null;
    const isIt = tenant !== null && (tenant.id === reference || tenant.slug === reference);
    // What is kept ready for tenants to come is nobody yet.
    if (!isIt || tenant.status === 'pending') throw new TenantNotFoundError(reference);
    return tenant;
  }
}
