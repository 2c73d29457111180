import { Body, Get, Post, Query, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Tenant } from '../../tenant/tenant.entity.js';
import { AdminInput } from '../http/admin-input.js';
import { AdminController, AdminRoute } from '../http/admin-route.decorator.js';
import { TargetTenant } from '../http/target-tenant.js';
import { OperationView, viewOfOperation } from '../operations/operation-view.js';
import { AdminMigrations } from './admin-migrations.js';
import {
  ListMigrationsInput,
  MigrationsView,
  RunMigrationsInput,
  TenantMigrationsView,
} from './migration-views.js';

@AdminController('migrations', 'migrations')
export class MigrationsController {
  constructor(private readonly migrations: AdminMigrations) {}

  @Get()
  @AdminRoute({
    action: 'migrations.list',
    summary: 'What the schemas of all tenants lack, a page at a time',
    answer: MigrationsView,
  })
  async listMigrations(@Query(AdminInput) query: ListMigrationsInput): Promise<MigrationsView> {
    return this.migrations.list(query);
  }
}

@AdminController('tenants/:tenant/migrations', 'migrations')
export class TenantMigrationsController {
  constructor(
    private readonly migrations: AdminMigrations,
    private readonly host: HttpAdapterHost,
  ) {}

  @Get()
  @AdminRoute({
    action: 'migrations.get',
    summary: 'What the schema of a tenant lacks',
    answer: TenantMigrationsView,
  })
  async getMigrations(@TargetTenant() tenant: Tenant): Promise<TenantMigrationsView> {
    return this.migrations.get(tenant);
  }

  @Post()
  @AdminRoute({
    action: 'migrations.run',
    summary: 'Run what is pending for a tenant',
    description: 'Goes on after it was answered; Location says where to look what came of it.',
    answer: OperationView,
    status: 202,
  })
  async runMigrations(
    @TargetTenant() tenant: Tenant,
    @Body(AdminInput) input: RunMigrationsInput,
    @Res({ passthrough: true }) response: object,
  ): Promise<OperationView> {
    const operation = await this.migrations.begin(tenant, input);
    // Relative to the path of this request, whatever stands in front of it.
    const location = `../../operations/${operation.id}`;
    this.host.httpAdapter.setHeader(response, 'Location', location);
    return viewOfOperation(operation, Date.now());
  }
}
