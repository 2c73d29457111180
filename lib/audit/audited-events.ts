import { isTenantId } from '../tenant/tenant-id.js';
import {
  AUDIT_OUTCOMES,
  CENTRAL_CHAIN,
  type AuditEvent,
  type AuditOutcome,
} from './audit-entry.js';

/**
 * The events that are recorded, by how their names begin: in whose chain. What is done from outside to a tenant is in the
 * central one, where its tenant's end does not take it along; what happens inside of it is in its own.
 */
const AUDITED: readonly (readonly [prefix: string, chain: 'central' | 'tenant'])[] = [
  ['tenant.', 'central'],
  ['domain.', 'central'],
  ['maintenance.', 'central'],
  ['impersonation.', 'central'],
  ['backup.', 'central'],
  ['admin.', 'central'],
  ['api-key.', 'tenant'],
  ['quota.exceeded', 'tenant'],
];

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
  return AUDITED.some(([prefix]) => name.startsWith(prefix));
}

/** Where and how an event is recorded. */
export function placeOf(
  name: string,
  told: object,
): { readonly chain: string; readonly event: AuditEvent } {
  const { tenantId: about, actor, outcome, action, ...details }: Told = told;
  const tenantId = [about, details.tenant].find(isId) ?? null;
  const [, side] = AUDITED.find(([prefix]) => name.startsWith(prefix)) ?? [name, 'central'];
  return {
    chain: side === 'tenant' && tenantId !== null ? tenantId : CENTRAL_CHAIN,
    event: {
      action: typeof action === 'string' ? action : name,
      outcome: AUDIT_OUTCOMES.find((known) => known === outcome) ?? outcomeOf(name, details),
      tenantId,
      details,
      ...(typeof actor === 'string' && { actor }),
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
