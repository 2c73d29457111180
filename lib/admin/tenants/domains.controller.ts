import { Body, Delete, Param, Post, Put } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsString, MaxLength } from 'class-validator';
import type { Tenant } from '../../tenant/tenant.entity.js';
import { TenantService } from '../../tenant/tenant.service.js';
import { AdminInput, Optional } from '../http/admin-input.js';
import { AdminController, AdminRoute } from '../http/admin-route.decorator.js';
import { TargetTenant } from '../http/target-tenant.js';
import { TenantView, viewOfTenant } from './tenant-view.js';

/** One of the tenant's domains. */
export class PrimaryDomainInput {
  @ApiProperty({ maxLength: 253, example: 'app.acme.com' })
  @IsString()
  @MaxLength(253)
  readonly host!: string;
}

/** A domain of a tenant. */
export class AddDomainInput extends PrimaryDomainInput {
  @ApiProperty({ required: false, description: 'Make links with it from now on. Default: false.' })
  @Optional()
  @IsBoolean()
  readonly primary?: boolean;
}

@AdminController('tenants/:tenant', 'domains')
export class DomainsController {
  constructor(private readonly tenants: TenantService) {}

  @Post('domains')
  @AdminRoute({
    action: 'domain.add',
    summary: 'Lead a host to a tenant',
    answer: TenantView,
    status: 201,
  })
  async addDomain(
    @TargetTenant() { id }: Tenant,
    @Body(AdminInput) { host, primary }: AddDomainInput,
  ): Promise<TenantView> {
    return viewOfTenant(await this.tenants.addDomain(id, host, { primary }));
  }

  @Delete('domains/:host')
  @AdminRoute({
    action: 'domain.remove',
    summary: 'Lead a host nowhere',
    answer: TenantView,
  })
  async removeDomain(
    @TargetTenant() { id }: Tenant,
    @Param('host') host: string,
  ): Promise<TenantView> {
    return viewOfTenant(await this.tenants.removeDomain(id, host));
  }

  @Put('primary-domain')
  @AdminRoute({
    action: 'domain.set-primary',
    summary: 'Make links to a tenant with this one of its domains',
    answer: TenantView,
  })
  async setPrimaryDomain(
    @TargetTenant() { id }: Tenant,
    @Body(AdminInput) { host }: PrimaryDomainInput,
  ): Promise<TenantView> {
    return viewOfTenant(await this.tenants.setPrimaryDomain(id, host));
  }
}
