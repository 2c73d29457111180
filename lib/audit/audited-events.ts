import { isTenantId } from '../tenant/tenant-id.js';
import {
  AUDIT_OUTCOMES,
  CENTRAL_CHAIN,
  fitActor,
  type AuditEvent,
  type AuditOutcome,
} from './audit-entry.js';

/**
 * The events that are recorded, by how their names begin. What is done from outside to a tenant is in the central chain,
 * where its tenant's end does not take it along.
 */
const ABOUT_TENANTS = ['tenant.', 'domain.', 'maintenance.', 'impersonation.', 'backup.', 'admin.'];
/** What happens inside of a tenant is in its own chain. */
const OF_TENANTS = ['api-key.', 'quota.exceeded'];

/** What an event may say of itself, all of it optional. The rest of it is kept as details. */
interface Told {
  readonly tenantId?: unknown;
  /** An id, or whatever a client has named the tenant by. */
  readonly tenant?: unknown;
  readonly actor?: unknown;
  readonly outcome?: unknown;
  readonly action?: unknown;
  readonly refused?: unknown;
}

/** Most are not, such as those of the pool. */
export function isAudited(name: string): boolean {
  return [...ABOUT_TENANTS, ...OF_TENANTS].some((prefix) => name.startsWith(prefix));
}

/** Where and how an event is recorded. */
export function placeOf(
  name: string,
  told: object,
): { readonly chain: string; readonly event: AuditEvent } {
  const { tenantId: about, actor, outcome, action, ...details }: Told = told;
  const tenantId = [about, details.tenant].find(isId) ?? null;
  const isOfTenant = OF_TENANTS.some((prefix) => name.startsWith(prefix));
  return {
    chain: isOfTenant && tenantId !== null ? tenantId : CENTRAL_CHAIN,
    event: {
      action: typeof action === 'string' ? action : name,
      outcome: AUDIT_OUTCOMES.find((known) => known === outcome) ?? outcomeOf(name, details),
      tenantId,
      details,
      ...(typeof actor === 'string' && { actor: fitActor(actor) }),
    },
  };
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && isTenantId(value);
}

function outcomeOf(name: string, { refused }: Told): AuditOutcome {
  if (refused === true || name.endsWith('refused')) return 'refused';
  if (name.endsWith('failed')) return 'failed';
  return name.endsWith('ing') ? 'begun' : 'success';
}
