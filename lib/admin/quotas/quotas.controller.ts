import { Body, Delete, Get, Param, Put } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsLimit, MOST_UNITS } from '../../options/is-limit.js';
import type { QuotaLimit } from '../../options/quota-options.js';
import type { Tenant } from '../../tenant/tenant.entity.js';
import { AdminInput } from '../http/admin-input.js';
import { AdminController, AdminRoute } from '../http/admin-route.decorator.js';
import { TargetTenant } from '../http/target-tenant.js';
import { AdminQuotas } from './admin-quotas.js';
import { QuotasView, QuotaView } from './quota-view.js';

/** A limit of a tenant's own. */
export class SetLimitInput {
  @ApiProperty({
    type: Number,
    nullable: true,
    minimum: 0,
    maximum: MOST_UNITS,
    description: 'In the quota’s unit. 0 blocks, null is no limit.',
  })
  @IsLimit()
  readonly limit!: QuotaLimit;
}

@AdminController('tenants/:tenant/quotas', 'quotas')
export class QuotasController {
  constructor(private readonly quotas: AdminQuotas) {}

  @Get()
  @AdminRoute({
    action: 'quota.list',
    summary: 'What a tenant may use, and has used',
    answer: QuotasView,
  })
  async listQuotas(@TargetTenant() tenant: Tenant): Promise<QuotasView> {
    return { items: await this.quotas.list(tenant) };
  }

  @Put(':key')
  @AdminRoute({
    action: 'quota.override',
    summary: 'Give a tenant a limit of its own',
    answer: QuotaView,
  })
  async setLimit(
    @TargetTenant() tenant: Tenant,
    @Param('key') key: string,
    @Body(AdminInput) { limit }: SetLimitInput,
  ): Promise<QuotaView> {
    return this.quotas.override(tenant, key, limit);
  }

  @Delete(':key')
  @AdminRoute({
    action: 'quota.reset',
    summary: 'Give a tenant the limit of its plan again',
    answer: QuotaView,
  })
  async resetLimit(@TargetTenant() tenant: Tenant, @Param('key') key: string): Promise<QuotaView> {
    return this.quotas.override(tenant, key, undefined);
  }
}
