import { applyDecorators, Body, Get, Post, Query, Res, type StreamableFile } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiOkResponse, ApiProduces } from '@nestjs/swagger';
import { CENTRAL_CHAIN } from '../../audit/audit-entry.js';
import type { Tenant } from '../../tenant/tenant.entity.js';
import { AdminInput } from '../http/admin-input.js';
import { AdminController, AdminRoute } from '../http/admin-route.decorator.js';
import { TargetTenant } from '../http/target-tenant.js';
import { OperationView, viewOfOperation } from '../operations/operation-view.js';
import { AdminAuditLog } from './admin-audit-log.js';
import { AuditExportInput, AuditQueryInput, AuditVerificationInput } from './audit-inputs.js';
import { AuditEntriesView } from './audit-views.js';

const Exports = (action: string, summary: string): MethodDecorator =>
  applyDecorators(
    AdminRoute({ action, summary, status: 200 }),
    ApiProduces('application/x-ndjson', 'text/csv'),
    ApiOkResponse({ description: 'Done.', schema: { type: 'string' } }),
  );

const VERIFIES = {
  description:
    'Goes on after it was answered: the verdict is the result of the operation that Location leads to.',
  answer: OperationView,
  status: 202,
} as const;

@AdminController('audit', 'audit')
export class AuditController {
  constructor(
    private readonly log: AdminAuditLog,
    private readonly host: HttpAdapterHost,
  ) {}

  @Get()
  @AdminRoute({
    action: 'audit.query',
    summary: 'Entries of the central chain of the audit log, a page at a time',
    answer: AuditEntriesView,
  })
  async queryAudit(@Query(AdminInput) query: AuditQueryInput): Promise<AuditEntriesView> {
    return this.log.query(CENTRAL_CHAIN, query);
  }

  @Get('export')
  @Exports('audit.export', 'Entries of the central chain of the audit log, as a file')
  async exportAudit(@Query(AdminInput) query: AuditExportInput): Promise<StreamableFile> {
    return this.log.export(CENTRAL_CHAIN, query);
  }

  @Post('verification')
  @AdminRoute({
    ...VERIFIES,
    action: 'audit.verify',
    summary: 'Find what was changed in the central chain of the audit log',
  })
  async verifyAudit(
    @Body(AdminInput) known: AuditVerificationInput,
    @Res({ passthrough: true }) response: object,
  ): Promise<OperationView> {
    const operation = await this.log.beginToVerify(CENTRAL_CHAIN, known);
    this.host.httpAdapter.setHeader(response, 'Location', `../operations/${operation.id}`);
    return viewOfOperation(operation, Date.now());
  }
}

@AdminController('tenants/:tenant/audit', 'audit')
export class TenantAuditController {
  constructor(
    private readonly log: AdminAuditLog,
    private readonly host: HttpAdapterHost,
  ) {}

  @Get()
  @AdminRoute({
    action: 'audit.query-tenant',
    summary: 'Entries of a tenant’s chain of the audit log, a page at a time',
    answer: AuditEntriesView,
  })
  async queryTenantAudit(
    @TargetTenant() { id }: Tenant,
    @Query(AdminInput) query: AuditQueryInput,
  ): Promise<AuditEntriesView> {
    return this.log.query(id, query);
  }

  @Get('export')
  @Exports('audit.export-tenant', 'Entries of a tenant’s chain of the audit log, as a file')
  async exportTenantAudit(
    @TargetTenant() { id }: Tenant,
    @Query(AdminInput) query: AuditExportInput,
  ): Promise<StreamableFile> {
    return this.log.export(id, query);
  }

  @Post('verification')
  @AdminRoute({
    ...VERIFIES,
    action: 'audit.verify-tenant',
    summary: 'Find what was changed in a tenant’s chain of the audit log',
  })
  async verifyTenantAudit(
    @TargetTenant() { id }: Tenant,
    @Body(AdminInput) known: AuditVerificationInput,
    @Res({ passthrough: true }) response: object,
  ): Promise<OperationView> {
    const operation = await this.log.beginToVerify(id, known);
    this.host.httpAdapter.setHeader(response, 'Location', `../../../operations/${operation.id}`);
    return viewOfOperation(operation, Date.now());
  }
}
