import { Inject, Module, Optional, type CanActivate, type DynamicModule } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import {
  ADMIN_GUARDS,
  ADMIN_OPTIONS,
  requireGuards,
  resolveAdminOptions,
  type ResolvedAdminOptions,
  type TenancyAdminOptions,
} from './admin-options.js';
import { AdminApiKeys } from './api-keys/admin-api-keys.js';
import { ApiKeysController, TenantApiKeysController } from './api-keys/api-keys.controller.js';
import { AdminAuditLog } from './audit/admin-audit-log.js';
import { AuditController, TenantAuditController } from './audit/audit.controller.js';
import { AdminAudit } from './http/admin-audit.js';
import { AdminPort } from './http/admin-port.js';
import { ImpersonationsController } from './impersonations/impersonations.controller.js';
import {
  MaintenanceController,
  TenantMaintenanceController,
} from './maintenance/maintenance.controller.js';
import { AdminMigrations } from './migrations/admin-migrations.js';
import {
  MigrationsController,
  TenantMigrationsController,
} from './migrations/migrations.controller.js';
import { AdminOperations } from './operations/admin-operations.js';
import { OperationStore } from './operations/operation-store.js';
import { OperationsController } from './operations/operations.controller.js';
import { PoolsController, TenantPoolController } from './pools/pools.controller.js';
import { AdminQuotas } from './quotas/admin-quotas.js';
import { QuotasController } from './quotas/quotas.controller.js';
import { AdminTenants } from './tenants/admin-tenants.js';
import { DomainsController } from './tenants/domains.controller.js';
import { TenantController } from './tenants/tenant.controller.js';
import { TenantCreations } from './tenants/tenant-creations.js';
import { TenantsController } from './tenants/tenants.controller.js';

/**
 * The admin API: tenants, domains, quotas, pools, migrations, API keys and more over HTTP, for operators. Import it once,
 * after `TenancyModule`:
 *
 * ```ts
 * imports: [TenancyModule.forRoot(config), TenancyAdminModule.forRoot({ guard: OperatorGuard })]
 * ```
 */
@Module({})
export class TenancyAdminModule {
  /**
   * @throws AdminOptionsError
   * @throws AdminGuardRequiredError when the app starts without a guard
   */
  static forRoot(given: TenancyAdminOptions): DynamicModule {
    const options = resolveAdminOptions(given);
    return {
      module: TenancyAdminModule,
      imports: [
        ...(given.imports ?? []),
        RouterModule.register([{ path: options.prefix, module: TenancyAdminModule }]),
      ],
      controllers: [
        TenantsController,
        TenantController,
        DomainsController,
        QuotasController,
        PoolsController,
        TenantPoolController,
        MigrationsController,
        TenantMigrationsController,
        AuditController,
        TenantAuditController,
        MaintenanceController,
        TenantMaintenanceController,
        ApiKeysController,
        TenantApiKeysController,
        ImpersonationsController,
        OperationsController,
      ],
      providers: [
        { provide: ADMIN_OPTIONS, useValue: options },
        ...options.guards,
        {
          provide: ADMIN_GUARDS,
          inject: [...options.guards],
          useFactory: (...guards: CanActivate[]) => guards,
        },
        AdminApiKeys,
        AdminAudit,
        AdminAuditLog,
        AdminMigrations,
        AdminOperations,
        AdminPort,
        AdminQuotas,
        AdminTenants,
        OperationStore,
        TenantCreations,
      ],
    };
  }

  /** @throws AdminGuardRequiredError */
  constructor(@Optional() @Inject(ADMIN_OPTIONS) options?: ResolvedAdminOptions) {
    requireGuards(options);
  }
}
