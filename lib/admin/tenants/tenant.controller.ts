import { Body, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import type { Tenant } from '../../tenant/tenant.entity.js';
import { TenantService } from '../../tenant/tenant.service.js';
import { AdminInput } from '../http/admin-input.js';
import { AdminController, AdminRoute } from '../http/admin-route.decorator.js';
import { TargetTenant } from '../http/target-tenant.js';
import { DeleteTenantInput, RepairTenantInput, UpdateTenantInput } from './tenant-inputs.js';
import { RepairedView, TenantView, viewOfTenant } from './tenant-view.js';

@AdminController('tenants/:tenant', 'tenants')
export class TenantController {
  constructor(private readonly tenants: TenantService) {}

  @Get()
  @AdminRoute({
    action: 'tenant.get',
    summary: 'A tenant with its domains; a deleted one, too',
    answer: TenantView,
  })
  getTenant(@TargetTenant() tenant: Tenant): TenantView {
    return viewOfTenant(tenant);
  }

  @Patch()
  @AdminRoute({
    action: 'tenant.update',
    summary: 'Change the slug, the name or the settings of a tenant',
    answer: TenantView,
  })
  async updateTenant(
    @TargetTenant() { id }: Tenant,
    @Body(AdminInput) { settings, ...rest }: UpdateTenantInput,
  ): Promise<TenantView> {
    // As a function, so that a limit that is set at the same moment does not bring back the old ones.
    const change = settings === undefined ? rest : { ...rest, settings: () => settings };
    return viewOfTenant(await this.tenants.update(id, change));
  }

  @Delete()
  @AdminRoute({
    action: 'tenant.delete',
    summary: 'Delete a tenant; its data is kept for a restore unless it is dropped',
    answer: TenantView,
  })
  async deleteTenant(
    @TargetTenant() { id }: Tenant,
    @Query(AdminInput) { confirm, dropDatabase }: DeleteTenantInput,
  ): Promise<TenantView> {
    return viewOfTenant(await this.tenants.delete(id, { confirm, dropDatabase }));
  }

  @Post('suspend')
  @AdminRoute({
    action: 'tenant.suspend',
    summary: 'Refuse the requests of a tenant; its data stays',
    answer: TenantView,
  })
  async suspendTenant(@TargetTenant() { id }: Tenant): Promise<TenantView> {
    return viewOfTenant(await this.tenants.suspend(id));
  }

  @Post('activate')
  @AdminRoute({
    action: 'tenant.activate',
    summary: 'Serve a suspended or blocked tenant again',
    answer: TenantView,
  })
  async activateTenant(@TargetTenant() { id }: Tenant): Promise<TenantView> {
    return viewOfTenant(await this.tenants.activate(id));
  }

  @Post('block')
  @AdminRoute({
    action: 'tenant.block',
    summary: 'As suspended, for abuse',
    answer: TenantView,
  })
  async blockTenant(@TargetTenant() { id }: Tenant): Promise<TenantView> {
    return viewOfTenant(await this.tenants.block(id));
  }

  @Post('restore')
  @AdminRoute({
    action: 'tenant.restore',
    summary: 'Bring a deleted tenant back, with its data and domains',
    answer: TenantView,
  })
  async restoreTenant(@TargetTenant() { id }: Tenant): Promise<TenantView> {
    return viewOfTenant(await this.tenants.restore(id));
  }

  @Post('repair')
  @AdminRoute({
    action: 'tenant.repair',
    summary: 'Finish or undo what a crash or a failure has left half done',
    answer: RepairedView,
  })
  async repairTenant(
    @TargetTenant() { id }: Tenant,
    @Body(AdminInput) { undo }: RepairTenantInput,
  ): Promise<RepairedView> {
    const tenant = await this.tenants.repair(id, { undo });
    return { tenant: tenant === null ? null : viewOfTenant(tenant) };
  }

  @Post('rotate-credentials')
  @AdminRoute({
    action: 'tenant.rotate-credentials',
    summary: 'Give a tenant a new account on its server',
    answer: TenantView,
  })
  async rotateTenantCredentials(@TargetTenant() { id }: Tenant): Promise<TenantView> {
    return viewOfTenant(await this.tenants.rotateCredentials(id));
  }
}
