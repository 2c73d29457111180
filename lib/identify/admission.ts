import type { CurrentTenant } from '../context/current-tenant.js';
import type { RouteMode } from '../options/identifier.js';
import {
  RequestTenantNotFoundError,
  RouteNotForTenantError,
  TenantBlockedError,
  TenantCredentialInvalidError,
  TenantForbiddenError,
  TenantNotServedYetError,
  TenantSuspendedError,
} from './errors.js';
import type { Outcome } from './outcome.js';

type WithoutTenant = Extract<Outcome, { kind: 'none' | 'unknown' }>;

/**
 * Whether a request, or the handshake of a socket, of which the chain found out `outcome` may go where `mode` holds. Of a
 * tenant that was found, {@link verifyStatus} says whether it is served.
 * @throws the error that it is refused with
 */
export function verifyOutcome(outcome: Outcome, mode: RouteMode, hasCentralHosts: boolean): void {
  switch (outcome.kind) {
    case 'found':
      if (mode === 'central') throw new RouteNotForTenantError(outcome.tenant.slug, outcome.by);
      return;
    case 'none':
    case 'unknown':
      return verifyWithoutTenant(outcome, mode, hasCentralHosts);
    case 'invalid':
      if (outcome.refusal !== undefined) throw outcome.refusal;
      throw outcome.credential
        ? new TenantCredentialInvalidError(outcome.by, outcome.problem)
        : new RequestTenantNotFoundError(`${outcome.by}: ${outcome.problem}`);
    case 'forbidden':
      throw new TenantForbiddenError(outcome.by, outcome.problem);
  }
}

/** @throws the error that a tenant of this status is refused with */
export function verifyStatus({ slug, status }: Pick<CurrentTenant, 'slug' | 'status'>): void {
  switch (status) {
    case 'active':
      return;
    case 'suspended':
      throw new TenantSuspendedError(slug);
    case 'blocked':
      throw new TenantBlockedError(slug);
    case 'provisioning':
    case 'failed':
      throw new TenantNotServedYetError(slug, status);
    case 'pending':
    case 'deleted':
      throw new RequestTenantNotFoundError(`tenant "${slug}" is ${status}`);
  }
}

function verifyWithoutTenant(
  outcome: WithoutTenant,
  mode: RouteMode,
  hasCentralHosts: boolean,
): void {
  if (mode === 'tenant') throw new RequestTenantNotFoundError(problemOf(outcome));
  if (mode === 'universal' || !hasCentralHosts) return;
  if (outcome.kind === 'none' && outcome.onCentralHost) return;
  throw new RequestTenantNotFoundError(
    'its route is central and its host is not among http.centralHosts',
  );
}

function problemOf(outcome: WithoutTenant): string {
  if (outcome.kind === 'unknown') {
    return `no tenant has the ${outcome.key.kind} "${outcome.key.value}", read by the identifier "${outcome.by}"`;
  }
  return outcome.onCentralHost ? 'its host is a central one' : 'no identifier found a key in it';
}
