import { Body, Get, Headers, Post, Query, Req, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiHeader } from '@nestjs/swagger';
import { TenantService } from '../../tenant/tenant.service.js';
import type { AdminRequest } from '../admin-options.js';
import { cursorAfter, lastOf } from '../cursor.js';
import { AdminAudit } from '../http/admin-audit.js';
import { AdminInput } from '../http/admin-input.js';
import { AdminController, AdminRoute } from '../http/admin-route.decorator.js';
import { IDEMPOTENCY_KEY } from '../operations/idempotency-key.js';
import { TenantCreations } from './tenant-creations.js';
import { CreateTenantInput, ListTenantsInput } from './tenant-inputs.js';
import { TenantsView, TenantView, viewOfTenant } from './tenant-view.js';

@AdminController('tenants', 'tenants')
export class TenantsController {
  constructor(
    private readonly tenants: TenantService,
    private readonly creations: TenantCreations,
    private readonly audit: AdminAudit,
    private readonly host: HttpAdapterHost,
  ) {}

  @Post()
  @AdminRoute({
    action: 'tenant.create',
    summary: 'Create a tenant, with its database',
    answer: TenantView,
    status: 201,
  })
  @ApiHeader({
    name: IDEMPOTENCY_KEY,
    required: false,
    description: 'Send the same again after a lost answer: the tenant is created once.',
  })
  async createTenant(
    @Body(AdminInput) input: CreateTenantInput,
    @Headers(IDEMPOTENCY_KEY) key: string | undefined,
    @Req() request: AdminRequest,
    @Res({ passthrough: true }) response: object,
  ): Promise<TenantView> {
    const created = await this.creations.create(input, key, this.audit.actorOf(request));
    // Relative to the path of this request, whatever stands in front of it.
    this.host.httpAdapter.setHeader(response, 'Location', `tenants/${created.id}`);
    return created;
  }

  @Get()
  @AdminRoute({
    action: 'tenant.list',
    summary: 'Tenants, a page at a time',
    answer: TenantsView,
  })
  async listTenants(@Query(AdminInput) query: ListTenantsInput): Promise<TenantsView> {
    const { status, limit = 50, cursor } = query;
    const page = await this.tenants.list({ status, limit, after: lastOf(cursor) });
    return { items: page.tenants.map(viewOfTenant), next: cursorAfter(page.next) };
  }
}
