import { Body, Delete, Get, Param, Post, Put } from '@nestjs/common';
import { ALL_TENANTS } from '../../maintenance/maintenance-subject.js';
import { MaintenanceService } from '../../maintenance/maintenance.service.js';
import type { Tenant } from '../../tenant/tenant.entity.js';
import { AdminInput } from '../http/admin-input.js';
import { AdminController, AdminRoute } from '../http/admin-route.decorator.js';
import { TargetTenant } from '../http/target-tenant.js';
import {
  EnableMaintenanceInput,
  EndedView,
  MaintenancesView,
  NewMaintenanceView,
  ScheduleMaintenanceInput,
  viewOfMaintenance,
  viewOfNew,
} from './maintenance-views.js';

@AdminController('maintenance', 'maintenance')
export class MaintenanceController {
  constructor(private readonly maintenance: MaintenanceService) {}

  @Get()
  @AdminRoute({
    action: 'maintenance.list',
    summary: 'The maintenances that are in force or to come, of all and of each',
    answer: MaintenancesView,
  })
  async listMaintenance(): Promise<MaintenancesView> {
    return { items: (await this.maintenance.list()).map(viewOfMaintenance) };
  }

  @Put()
  @AdminRoute({
    action: 'maintenance.enable',
    summary: 'Close all tenants for maintenance',
    answer: NewMaintenanceView,
    tellsSecret: true,
  })
  async enableMaintenance(
    @Body(AdminInput) { until, ...terms }: EnableMaintenanceInput,
  ): Promise<NewMaintenanceView> {
    const made = { ...terms, ...(until !== undefined && { until: new Date(until) }) };
    return viewOfNew(await this.maintenance.enable(ALL_TENANTS, made));
  }

  @Delete()
  @AdminRoute({
    action: 'maintenance.disable',
    summary: 'End the maintenance of all tenants that is in force',
    answer: EndedView,
  })
  async disableMaintenance(): Promise<EndedView> {
    return { ended: await this.maintenance.disable(ALL_TENANTS) };
  }

  @Post('windows')
  @AdminRoute({
    action: 'maintenance.schedule',
    summary: 'Have a maintenance of all tenants begin and end by itself',
    answer: NewMaintenanceView,
    tellsSecret: true,
    status: 201,
  })
  async scheduleMaintenance(
    @Body(AdminInput) { from, until, ...terms }: ScheduleMaintenanceInput,
  ): Promise<NewMaintenanceView> {
    const window = { ...terms, from: new Date(from), until: new Date(until) };
    return viewOfNew(await this.maintenance.schedule(ALL_TENANTS, window));
  }

  @Delete('windows/:id')
  @AdminRoute({
    action: 'maintenance.cancel',
    summary: 'End a maintenance, of all or of one, or cancel one to come',
    answer: EndedView,
  })
  async cancelMaintenance(@Param('id') id: string): Promise<EndedView> {
    return { ended: await this.maintenance.cancel(id) };
  }
}

@AdminController('tenants/:tenant/maintenance', 'maintenance')
export class TenantMaintenanceController {
  constructor(private readonly maintenance: MaintenanceService) {}

  @Get()
  @AdminRoute({
    action: 'maintenance.list-tenant',
    summary: 'The maintenances of a tenant that are in force or to come',
    answer: MaintenancesView,
  })
  async listTenantMaintenance(@TargetTenant() { id }: Tenant): Promise<MaintenancesView> {
    return { items: (await this.maintenance.list(id)).map(viewOfMaintenance) };
  }

  @Put()
  @AdminRoute({
    action: 'maintenance.enable-tenant',
    summary: 'Close a tenant for maintenance',
    answer: NewMaintenanceView,
    tellsSecret: true,
  })
  async enableTenantMaintenance(
    @TargetTenant() { id }: Tenant,
    @Body(AdminInput) { until, ...terms }: EnableMaintenanceInput,
  ): Promise<NewMaintenanceView> {
    const made = { ...terms, ...(until !== undefined && { until: new Date(until) }) };
    return viewOfNew(await this.maintenance.enable(id, made));
  }

  @Delete()
  @AdminRoute({
    action: 'maintenance.disable-tenant',
    summary: 'End the maintenance of a tenant that is in force',
    answer: EndedView,
  })
  async disableTenantMaintenance(@TargetTenant() { id }: Tenant): Promise<EndedView> {
    return { ended: await this.maintenance.disable(id) };
  }

  @Post('windows')
  @AdminRoute({
    action: 'maintenance.schedule-tenant',
    summary: 'Have a maintenance of a tenant begin and end by itself',
    answer: NewMaintenanceView,
    tellsSecret: true,
    status: 201,
  })
  async scheduleTenantMaintenance(
    @TargetTenant() { id }: Tenant,
    @Body(AdminInput) { from, until, ...terms }: ScheduleMaintenanceInput,
  ): Promise<NewMaintenanceView> {
    const window = { ...terms, from: new Date(from), until: new Date(until) };
    return viewOfNew(await this.maintenance.schedule(id, window));
  }
}
