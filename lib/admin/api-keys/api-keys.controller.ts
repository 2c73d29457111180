import { Body, Delete, Get, Param, Post, Query, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Tenant } from '../../tenant/tenant.entity.js';
import { AdminInput } from '../http/admin-input.js';
import { AdminController, AdminRoute } from '../http/admin-route.decorator.js';
import { TargetTenant } from '../http/target-tenant.js';
import { AdminApiKeys } from './admin-api-keys.js';
import {
  CreateApiKeyInput,
  CreateTenantApiKeyInput,
  ListApiKeysInput,
  RotateApiKeyInput,
} from './api-key-inputs.js';
import { ApiKeysView, ApiKeyView, NewApiKeyView } from './api-key-views.js';

const CREATED = {
  description:
    'The answer alone has the key. After a lost one, revoke the key that nobody has, and make another.',
  answer: NewApiKeyView,
  status: 201,
  tellsSecret: true,
} as const;

@AdminController('api-keys', 'api-keys')
export class ApiKeysController {
  constructor(
    private readonly keys: AdminApiKeys,
    private readonly host: HttpAdapterHost,
  ) {}

  @Get()
  @AdminRoute({
    action: 'api-key.list',
    summary: 'The API keys of no tenant, a page at a time',
    answer: ApiKeysView,
  })
  async listApiKeys(@Query(AdminInput) query: ListApiKeysInput): Promise<ApiKeysView> {
    return this.keys.list(null, query);
  }

  @Post()
  @AdminRoute({
    ...CREATED,
    action: 'api-key.create',
    summary: 'Make an API key for central routes',
  })
  async createApiKey(
    @Body(AdminInput) input: CreateApiKeyInput,
    @Res({ passthrough: true }) response: object,
  ): Promise<NewApiKeyView> {
    const created = await this.keys.create(null, input);
    this.host.httpAdapter.setHeader(response, 'Location', `api-keys/${created.id}`);
    return created;
  }

  @Get(':id')
  @AdminRoute({
    action: 'api-key.get',
    summary: 'An API key of no tenant; one that has ended, too',
    answer: ApiKeyView,
  })
  async getApiKey(@Param('id') id: string): Promise<ApiKeyView> {
    return this.keys.get(null, id);
  }

  @Post(':id/rotate')
  @AdminRoute({
    ...CREATED,
    action: 'api-key.rotate',
    summary: 'Make an API key that takes the place of a central one',
  })
  async rotateApiKey(
    @Param('id') id: string,
    @Body(AdminInput) input: RotateApiKeyInput,
    @Res({ passthrough: true }) response: object,
  ): Promise<NewApiKeyView> {
    const created = await this.keys.rotate(null, id, input);
    this.host.httpAdapter.setHeader(response, 'Location', `../${created.id}`);
    return created;
  }

  @Delete(':id')
  @AdminRoute({
    action: 'api-key.revoke',
    summary: 'End a central API key at once, for good',
    answer: ApiKeyView,
  })
  async revokeApiKey(@Param('id') id: string): Promise<ApiKeyView> {
    return this.keys.revoke(null, id);
  }
}

@AdminController('tenants/:tenant/api-keys', 'api-keys')
export class TenantApiKeysController {
  constructor(
    private readonly keys: AdminApiKeys,
    private readonly host: HttpAdapterHost,
  ) {}

  @Get()
  @AdminRoute({
    action: 'api-key.list-tenant',
    summary: 'The API keys of a tenant, a page at a time',
    answer: ApiKeysView,
  })
  async listTenantApiKeys(
    @TargetTenant() tenant: Tenant,
    @Query(AdminInput) query: ListApiKeysInput,
  ): Promise<ApiKeysView> {
    return this.keys.list(tenant, query);
  }

  @Post()
  @AdminRoute({
    ...CREATED,
    action: 'api-key.create-tenant',
    summary: 'Make an API key of a tenant',
  })
  async createTenantApiKey(
    @TargetTenant() tenant: Tenant,
    @Body(AdminInput) input: CreateTenantApiKeyInput,
    @Res({ passthrough: true }) response: object,
  ): Promise<NewApiKeyView> {
    const created = await this.keys.create(tenant, input);
    this.host.httpAdapter.setHeader(response, 'Location', `api-keys/${created.id}`);
    return created;
  }

  @Get(':id')
  @AdminRoute({
    action: 'api-key.get-tenant',
    summary: 'An API key of a tenant; one that has ended, too',
    answer: ApiKeyView,
  })
  async getTenantApiKey(
    @TargetTenant() tenant: Tenant,
    @Param('id') id: string,
  ): Promise<ApiKeyView> {
    return this.keys.get(tenant, id);
  }

  @Post(':id/rotate')
  @AdminRoute({
    ...CREATED,
    action: 'api-key.rotate-tenant',
    summary: 'Make an API key that takes the place of a tenant’s',
  })
  async rotateTenantApiKey(
    @TargetTenant() tenant: Tenant,
    @Param('id') id: string,
    @Body(AdminInput) input: RotateApiKeyInput,
    @Res({ passthrough: true }) response: object,
  ): Promise<NewApiKeyView> {
    const created = await this.keys.rotate(tenant, id, input);
    this.host.httpAdapter.setHeader(response, 'Location', `../${created.id}`);
    return created;
  }

  @Delete(':id')
  @AdminRoute({
    action: 'api-key.revoke-tenant',
    summary: 'End an API key of a tenant at once, for good',
    answer: ApiKeyView,
  })
  async revokeTenantApiKey(
    @TargetTenant() tenant: Tenant,
    @Param('id') id: string,
  ): Promise<ApiKeyView> {
    return this.keys.revoke(tenant, id);
  }
}
