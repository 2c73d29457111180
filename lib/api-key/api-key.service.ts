import { Inject, Injectable } from '@nestjs/common';
import type { CurrentTenant } from '../context/current-tenant.js';
import { TenantSwitchRefusedError } from '../context/errors.js';
import { currentTenant, requireTenant } from '../context/tenant-context.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { TenancyEvents } from '../tenant/tenancy-events.js';
import { ApiKeyRows } from './api-key-rows.js';
import { KnownKeys } from './known-keys.js';
import { OwnedApiKeys } from './owned-api-keys.js';

/**
 * The API keys of the tenant of the running code, and in {@link central} those of no tenant.
 *
 * ```ts
 * const { key } = await this.apiKeys.create({ name: 'billing', scopes: ['invoices:read'] });
 * ```
 *
 * Every method needs a tenant (TenantContextMissingError), and knows no key of another.
 */
@Injectable()
export class ApiKeyService extends OwnedApiKeys {
  /** The keys that belong to no tenant, for central routes. Refused in a tenant's context (TenantSwitchRefusedError). */
  readonly central: OwnedApiKeys;

  constructor(
    rows: ApiKeyRows,
    known: KnownKeys,
    events: TenancyEvents,
    @Inject(TENANCY_OPTIONS) { apiKeys: { prefix } }: ResolvedTenancyOptions,
  ) {
    super(rows, known, events, prefix);
    this.central = new CentralApiKeys(rows, known, events, prefix);
  }

  protected override owner(operation: string): CurrentTenant {
    return requireTenant(`ApiKeyService.${operation}`);
  }
}

class CentralApiKeys extends OwnedApiKeys {
  protected override owner(): null {
    const tenant = currentTenant();
    if (tenant !== undefined) throw new TenantSwitchRefusedError(tenant.slug, 'the central keys');
    return null;
  }
}
