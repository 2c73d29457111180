import { Get, Post } from '@nestjs/common';
import { ConnectionPoolManager } from '../../database/connection-pool-manager.js';
import type { Tenant } from '../../tenant/tenant.entity.js';
import { AdminController, AdminRoute } from '../http/admin-route.decorator.js';
import { TargetTenant } from '../http/target-tenant.js';
import { PoolsView } from './pool-views.js';

@AdminController('pools', 'pools')
export class PoolsController {
  constructor(private readonly pools: ConnectionPoolManager) {}

  @Get()
  @AdminRoute({
    action: 'pool.stats',
    summary: 'The connections of the process that answers',
    answer: PoolsView,
  })
  getPools(): PoolsView {
    return this.pools.stats();
  }
}

@AdminController('tenants/:tenant', 'pools')
export class TenantPoolController {
  constructor(private readonly pools: ConnectionPoolManager) {}

  @Post('drain')
  @AdminRoute({
    action: 'pool.drain',
    summary: 'Close the connections of a tenant in the process that answers',
    description: 'Waits for those in use, as long as the option pool.drainTimeout says.',
  })
  async drainTenant(@TargetTenant() tenant: Tenant): Promise<void> {
    await this.pools.drain(tenant);
  }
}
