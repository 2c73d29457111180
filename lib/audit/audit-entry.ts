import { CENTRAL } from '../options/central-options.js';

/** How it ended. `begun` is recorded before a step that is to be told of again once it is done. */
export const AUDIT_OUTCOMES = ['success', 'refused', 'failed', 'begun'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** What is to be recorded. What is left out is taken from the request that is being served, where there is one. */
export interface AuditEvent {
  /** What was done, such as `invoice.paid`: up to 100 characters. */
  readonly action: string;
  /** Default `success`. */
  readonly outcome?: AuditOutcome;
  /** Who did it: an id, up to 191 characters. Default: as `audit.actor` finds it in the request; null where there is none. */
  readonly actor?: string | null;
  /** Anything of JSON that tells more. What looks like a secret is redacted, and what is long is cut. */
  readonly details?: unknown;
  /** The id of the tenant it was done to. Default: the current one. */
  readonly tenantId?: string | null;
}

/** An entry as it is read. */
export interface AuditEntry {
  /** The id of the tenant whose chain it is in, or `central`. */
  readonly chain: string;
  /** 1, 2, 3, … without a gap. */
  readonly seq: number;
  readonly id: string;
  readonly at: Date;
  readonly action: string;
  readonly outcome: AuditOutcome;
  readonly actor: string | null;
  readonly tenantId: string | null;
  readonly requestId: string | null;
  /** Of the client, as the app sees it: behind a proxy that it trusts, the forwarded one. */
  readonly address: string | null;
  readonly details: unknown;
  /** A fingerprint of the key that signed it. */
  readonly keyId: string;
  /** The hash of the entry before. */
  readonly previous: string;
  readonly hash: string;
}

/** Characters of an actor. */
export const LONGEST_ACTOR = 191;

/** Of too long an actor the beginning: for what nobody can say shorter, and must be recorded all the same. */
export function fitActor(actor: string): string {
  return actor.length > LONGEST_ACTOR ? `${actor.slice(0, LONGEST_ACTOR - 1)}…` : actor;
}

/** The chain of what belongs to no tenant, called as its database is by default. */
export const CENTRAL_CHAIN = CENTRAL;

/** Recorded before the next entry when the signed head of a chain is found changed. `verify` ends at it. */
export const HEAD_CHANGED = 'audit.head-changed';

/** Recorded when entries were taken out into an archive, with its name, its first and last entry, and its digest. */
export const AUDIT_ARCHIVED = 'audit.archived';
