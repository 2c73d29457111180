import type { Placement } from '../../context/current-tenant.js';
import type { Claimant } from './claimant.js';
import type { SessionTarget } from './pooled-connection.js';

/** What a caller wants to be connected to, and on what terms. */
export type LeaseTarget = SessionTarget & Pick<Placement, 'share'>;

/** A call of `lease` on its way to a connection. */
export interface LeaseRequest {
  readonly target: LeaseTarget;
  readonly claimant: Claimant;
  /** Where it was called, if that was noted. */
  readonly trace?: { readonly stack?: string };
}
