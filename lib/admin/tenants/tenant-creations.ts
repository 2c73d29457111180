import { Injectable } from '@nestjs/common';
import { ConnectionPoolManager } from '../../database/connection-pool-manager.js';
import { TenantService } from '../../tenant/tenant.service.js';
import { AdminInputError } from '../errors.js';
import { AdminOperations } from '../operations/admin-operations.js';
import { hashOf, idempotencyKeyOf } from '../operations/idempotency-key.js';
import type { CreateTenantInput } from './tenant-inputs.js';
import { viewOfTenant, type TenantView } from './tenant-view.js';

const ACTION = 'tenant.create';

/** Creates tenants: once for an idempotency key, in whichever process. */
@Injectable()
export class TenantCreations {
  constructor(
    private readonly tenants: TenantService,
    private readonly pools: ConnectionPoolManager,
    private readonly operations: AdminOperations,
  ) {}

  /**
   * @param field Idempotency-Key, as it was sent
   * @throws AdminInputError, IdempotencyKeyInvalidError, IdempotencyKeyReusedError, IdempotencyKeyInUseError
   * @throws what `TenantService.create` throws
   */
  async create(
    input: CreateTenantInput,
    field: string | undefined,
    actor: string | null,
  ): Promise<TenantView> {
    const key = idempotencyKeyOf(field);
    this.checkServer(input);
    if (key === undefined) return viewOfTenant(await this.tenants.create(input));
    const wish = { id: hashOf(ACTION, actor, key), action: ACTION, fingerprint: hashOf(input) };
    return this.operations.once(wish, {
      begin: async (announce) => viewOfTenant(await this.tenants.create(input, { announce })),
      goOn: (tenantId) => this.goOn(tenantId, input),
    });
  }

  /** The creation that was left: as it is when it had got to its end, else finished now. */
  private async goOn(id: string, { slug }: CreateTenantInput): Promise<TenantView | undefined> {
    const tenant = await this.tenants.find(id);
    // Undone, or a database that was kept ready for whoever came first.
    if (tenant === null || tenant.slug !== slug || tenant.status === 'deleted') return undefined;
    const isUnfinished = tenant.status === 'provisioning' || tenant.status === 'failed';
    const whole = isUnfinished ? await this.tenants.repair(id) : tenant;
    return whole === null ? undefined : viewOfTenant(whole);
  }

  private checkServer({ server }: CreateTenantInput): void {
    const { serverNames } = this.pools;
    if (server === undefined || serverNames.includes(server)) return;
    const problem = `is none of: ${serverNames.join(', ')}`;
    throw new AdminInputError([{ member: 'server', problem }]);
  }
}
