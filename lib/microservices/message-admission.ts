import { runDetached, type TenancyContext } from '../context/tenant-context.js';
import type { TenantGate } from '../context/tenancy.js';
import { verifyOutcome, verifyStatus } from '../identify/admission.js';
import { RequestTenantNotFoundError, TenantForbiddenError } from '../identify/errors.js';
import type { RouteMode } from '../options/identifier.js';
import type { MaintenanceGate } from '../tenant/maintenance-gate.js';
import type { TenantRegistry } from '../tenant/tenant-registry.js';
import { MessageTenantMissingError } from './errors.js';
import type { Incoming } from './message-tenant.js';
import type { TenantMessagesOptions } from './tenant-messages-options.js';

/** The handlers of one pattern. */
export interface Addressee {
  readonly pattern: string;
  readonly mode: RouteMode;
}

const BY = 'message';

/** Lets messages in by what a request would be refused with. */
export class MessageAdmission {
  constructor(
    private readonly registry: Pick<TenantRegistry, 'lookup'>,
    private readonly gate: TenantGate,
    private readonly maintenance: Pick<MaintenanceGate, 'refusalOf'>,
    private readonly authorize: TenantMessagesOptions['authorize'],
  ) {}

  /**
   * The context that a message is handled in: a unit of work of its own.
   * @param context what NestJS knows of the sender
   * @throws the error that the message is refused with
   */
  async admit(
    { data, tenantId }: Incoming,
    { pattern, mode }: Addressee,
    context: unknown,
  ): Promise<TenancyContext> {
    const work = { wrote: false };
    if (tenantId === undefined) {
      if (mode === 'tenant') throw new MessageTenantMissingError(pattern);
      return { centralReason: `a message "${pattern}" without a tenant`, work };
    }
    return runDetached(`let in a message "${pattern}"`, async () => {
      const tenant = await this.registry.lookup({ kind: 'id', value: tenantId });
      if (tenant === null) {
        throw new RequestTenantNotFoundError(`no tenant has the id "${tenantId}" of a message`);
      }
      const allowed = await (this.authorize?.({ tenant, pattern, data, context }) ?? true);
      if (!allowed) throw new TenantForbiddenError(BY, `authorize refused tenant "${tenant.slug}"`);
      verifyOutcome({ kind: 'found', tenant, by: BY }, mode, false);
      verifyStatus(tenant);
      const refusal = await this.maintenance.refusalOf(tenant);
      if (refusal !== undefined) throw refusal;
      await this.gate.admit(tenant);
      return { tenant, work };
    });
  }
}
