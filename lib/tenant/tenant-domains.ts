import { Injectable } from '@nestjs/common';
import { DomainStore } from './domain-store.js';
import { Domain } from './domain.entity.js';
import { DomainNotFoundError } from './errors.js';
import { TenancyEvents, type TenancyEventName } from './tenancy-events.js';
import { checkHost } from './tenant-input.js';
import { TenantStore } from './tenant-store.js';
import type { Tenant } from './tenant.entity.js';

/** What `TenantService` does with the domains of a tenant. */
@Injectable()
export class TenantDomains {
  constructor(
    private readonly domains: DomainStore,
    private readonly store: TenantStore,
    private readonly events: TenancyEvents,
  ) {}

  async add(tenant: Tenant, host: string, primary: boolean): Promise<Tenant> {
    const domain = newDomain(tenant.id, checkHost(host), false);
    await this.events.emit('domain.adding', tenant, domain.host);
    await this.domains.add(domain);
    if (primary) await this.domains.setPrimary(domain, tenant.slug);
    return this.changed(tenant, 'domain.added', domain.host);
  }

  async remove(tenant: Tenant, host: string): Promise<Tenant> {
    const domain = domainOf(tenant, host);
    await this.events.emit('domain.removing', tenant, domain.host);
    await this.domains.remove(domain);
    return this.changed(tenant, 'domain.removed', domain.host);
  }

  async setPrimary(tenant: Tenant, host: string): Promise<Tenant> {
    const domain = domainOf(tenant, host);
    await this.events.emit('domain.primary-changing', tenant, domain.host);
    await this.domains.setPrimary(domain, tenant.slug);
    return this.changed(tenant, 'domain.primary-changed', domain.host);
  }

  private async changed(tenant: Tenant, event: TenancyEventName, host: string): Promise<Tenant> {
    const now = await this.store.get(tenant.id);
    await this.events.emit(event, now, host);
    return now;
  }
}

export function newDomain(tenantId: string, host: string, primary: boolean): Domain {
  return Object.assign(new Domain(), { host, tenantId, primaryOf: primary ? tenantId : null });
}

function domainOf(tenant: Tenant, host: string): Domain {
  const wanted = checkHost(host);
  const domain = tenant.domains.find((candidate) => candidate.host === wanted);
  if (domain === undefined) throw new DomainNotFoundError(wanted, tenant.slug);
  return domain;
}
