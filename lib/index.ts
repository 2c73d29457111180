export { TenancyError, type TenancyErrorDetails } from './tenancy.error.js';
export {
  TenancyModule,
  type TenancyModuleAsyncOptions,
  type TenancyModuleOptions,
  type TenancyOptionsFactory,
} from './tenancy.module.js';

export { TenancyOptionsError, type OptionIssue } from './options/errors.js';
export * from './options/identifier.js';
export * from './options/tenancy-options.js';

export type {
  ConnectionShare,
  Placement,
  TenantSettings,
  TenantStatus,
} from './context/current-tenant.js';
export * from './context/errors.js';
export type { Impersonator } from './context/impersonator.js';
export type { ForEachOptions } from './context/for-each.js';
export { inOwnContext } from './context/in-own-context.js';
export { Tenancy, type RunOptions } from './context/tenancy.js';

export { ConnectionPoolManager, type PoolStats } from './database/connection-pool-manager.js';
export * from './database/errors.js';
export { InjectTenantDataSource } from './database/inject-tenant-data-source.js';
export type { BreakerChange, BreakerState } from './database/pool/circuit-breaker.js';
export type { PoolEvents } from './database/pool/pool-events.js';
export type { CloseReason, Percentiles, TenantUse } from './database/pool/pool-statistics.js';
export type { LongLease } from './database/pool/pool-watch.js';
export type { ServerPoolStats } from './database/pool/server-pool-stats.js';

export * from './migration/errors.js';
export type { Difference } from './migration/known-migrations.js';
export type * from './migration/migration-options.js';
export type * from './migration/migration-report.js';
export { CreateAuditOutbox1000000000020 as CreateAuditOutbox } from './migration/tenant/create-audit-outbox.js';
export { TenantMigrator } from './migration/tenant-migrator.js';

export { Domain } from './tenant/domain.entity.js';
export {
  CredentialKeyMissingError,
  CredentialsSharedError,
  CredentialsUnreadableError,
  DatabaseNotOwnedError,
  DomainNotFoundError,
  EncryptionKeyInvalidError,
  NoServerAcceptsTenantsError,
  TenantConfirmationError,
  TenantConflictError,
  TenantDataGoneError,
  TenantInputError,
  TenantPlaceError,
  TenantProvisioningError,
  TenantShareError,
  TenantTransitionError,
} from './tenant/errors.js';
export type { Visitor } from './tenant/maintenance-gate.js';
export type {
  AdminRequestEvent,
  ApiKeyEvent,
  ApiKeyEventName,
  ImpersonationEvent,
  ImpersonationEventName,
  MaintenanceEvent,
  MaintenanceEventName,
  TenancyEvent,
  TenancyEventName,
} from './tenant/tenancy-events.js';
export type { CreateTenant, CreateTenantOptions, UpdateTenant } from './tenant/tenant-input.js';
export { TenantRegistry } from './tenant/tenant-registry.js';
export { TenantSchema } from './tenant/tenant-schema.entity.js';
export type { AppliedMigration, HalfWay, Statement } from './tenant/tenant-schema.entity.js';
export { TenantCredentials } from './tenant/tenant-credentials.entity.js';
export type { ListTenants, TenantPage } from './tenant/tenant-store.js';
export { Tenant, type DatabaseOrigin, type ProvisioningStep } from './tenant/tenant.entity.js';
export {
  TenantService,
  type DeleteTenant,
  type RepairTenant,
  type TenantReference,
} from './tenant/tenant.service.js';

export { byApiKey } from './identify/by-api-key.js';
export * from './identify/by-cookie.js';
export * from './identify/by-custom.js';
export * from './identify/by-domain.js';
export * from './identify/by-header.js';
export * from './identify/by-path.js';
export * from './identify/by-query.js';
export * from './identify/by-subdomain.js';
export * from './identify/by-token-claim.js';
export * from './identify/errors.js';
export { CentralRoute, TenantRoute, UniversalRoute } from './identify/route-mode.js';

export * from './quota/errors.js';
export { QuotaCounter } from './quota/quota-counter.entity.js';
export { QuotaLogEntry } from './quota/quota-log.entity.js';
export type { QuotaEvent } from './quota/quota-notices.js';
export type { QuotaReservation } from './quota/quota-reservation.js';
export type { QuotaState } from './quota/quota-state.js';
export { Quota, type RouteCost } from './quota/quota.decorator.js';
export { QuotaGuard } from './quota/quota.guard.js';
export {
  QuotaService,
  type QuotaUse,
  type ReserveOptions,
  type UseOptions,
} from './quota/quota.service.js';
export type { UsageQuery, UsageSum } from './quota/usage-log.js';
export type { ArchiveKeeper } from './audit/archive-keeper.js';
export type { AuditArchiveVerdict } from './audit/archive-reader.js';
export type { AuditArchive, AuditArchiveOptions } from './audit/audit-archiver.js';
export { AuditChain } from './audit/audit-chain.entity.js';
export { Audit, type AuditRoute } from './audit/audit.decorator.js';
export {
  CENTRAL_CHAIN,
  type AuditEntry,
  type AuditEvent,
  type AuditOutcome,
} from './audit/audit-entry.js';
export type { AuditFormat } from './audit/audit-export.js';
export type { AuditFilter, AuditQuery } from './audit/audit-query.js';
export type { AuditPage } from './audit/audit-reader.js';
export { auditReportHtml } from './audit/audit-report-html.js';
export type {
  AuditReport,
  AuditReportChain,
  AuditReportLine,
  AuditReportQuery,
} from './audit/audit-report.js';
export { AuditRow } from './audit/audit-row.entity.js';
export { AuditService } from './audit/audit.service.js';
export type {
  AuditCheckpoint,
  AuditProblem,
  AuditProblemKind,
  AuditVerdict,
} from './audit/audit-verifier.js';
export { Audited, type AuditedOptions } from './audit/entities/audited.decorator.js';
export * from './audit/errors.js';

export * from './maintenance/errors.js';
export type {
  EnableMaintenance,
  MaintenanceTerms,
  ScheduleMaintenance,
} from './maintenance/maintenance-terms.js';
export { MaintenanceRow } from './maintenance/maintenance.entity.js';
export { ALL_TENANTS, type MaintenanceSubject } from './maintenance/maintenance-subject.js';
export {
  MaintenanceService,
  type Maintenance,
  type NewMaintenance,
} from './maintenance/maintenance.service.js';

export type { ApiKeyInfo } from './api-key/api-key-info.js';
export type { CreateApiKey, ListApiKeys, RotateApiKey } from './api-key/api-key-input.js';
export { ApiKey } from './api-key/api-key.decorator.js';
export { ApiKeyGuard } from './api-key/api-key.guard.js';
export { ApiKeyService } from './api-key/api-key.service.js';
export { CurrentApiKey } from './api-key/current-api-key.decorator.js';
export * from './api-key/errors.js';
export type { ApiKeyPage, CreatedApiKey, OwnedApiKeys } from './api-key/owned-api-keys.js';
export * from './impersonation/errors.js';
export type { IssueImpersonation } from './impersonation/impersonation-input.js';
export { ImpersonationRow } from './impersonation/impersonation.entity.js';
export { ImpersonationGuard } from './impersonation/impersonation.guard.js';
export {
  ImpersonationService,
  type IssuedImpersonation,
} from './impersonation/impersonation.service.js';
export type { Impersonation } from './impersonation/impersonation.js';

export { CurrentTenant } from './http/current-tenant.decorator.js';
export * from './http/errors.js';
export { TenancyGuard } from './http/tenancy.guard.js';
export { TenancyInterceptor } from './http/tenancy.interceptor.js';
export { TenancyMiddleware } from './http/tenancy.middleware.js';

export type { TenancyScript, TenancyScriptContext } from './cli/work/tenancy-script.js';

export { logWithTenant } from './logging/log-with-tenant.js';
export { TenantLogger } from './logging/tenant-logger.js';

export * from './outgoing/errors.js';
export { tellTenant, type AxiosLike } from './outgoing/tenant-axios.js';
export { tenantFetch } from './outgoing/tenant-fetch.js';
export type { OutgoingTenantOptions } from './outgoing/tenant-header.js';
