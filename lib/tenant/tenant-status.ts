import type { TenantStatus } from '../context/current-tenant.js';

/** What is not there any more, or not yet. */
export const NO_TENANTS: readonly TenantStatus[] = ['deleted', 'pending'];

export interface Transition {
  readonly from: readonly TenantStatus[];
  readonly to: TenantStatus;
}

/** Every way from one status to another. There is no other: each change of status is checked against this table. */
export const TRANSITIONS = {
  provision: { from: ['provisioning', 'failed'], to: 'active' },
  fail: { from: ['provisioning', 'failed'], to: 'failed' },
  activate: { from: ['suspended', 'blocked'], to: 'active' },
  suspend: { from: ['active', 'blocked'], to: 'suspended' },
  block: { from: ['active', 'suspended'], to: 'blocked' },
  delete: { from: ['active', 'suspended', 'blocked', 'failed'], to: 'deleted' },
  restore: { from: ['deleted'], to: 'active' },
  /** In place of `restore` for a tenant whose creation had not finished when it was deleted. */
  reopen: { from: ['deleted'], to: 'failed' },
} as const satisfies Readonly<Record<string, Transition>>;

export type TransitionName = keyof typeof TRANSITIONS;
