import type { ApiKeyRow } from './api-key.entity.js';

/** What is told of an API key; nothing of it is secret. */
export interface ApiKeyInfo {
  readonly id: string;
  /** Null for a central key. */
  readonly tenantId: string | null;
  readonly name: string;
  /** What the key begins with, for people to know it by. */
  readonly prefix: string;
  /** What it may be used for. */
  readonly scopes: readonly string[];
  /** Null without a limit. */
  readonly requestsPerMinute: number | null;
  /** `replaced`: another took its place, and it is let in until it expires. */
  readonly status: 'active' | 'replaced' | 'expired' | 'revoked';
  readonly createdAt: Date;
  /** Null for one that does not expire. */
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** The id of the key that took its place. */
  readonly replacedBy: string | null;
  /** To within ten seconds; null for one that was never used. */
  readonly lastUsedAt: Date | null;
}

export function infoOf(row: ApiKeyRow, now = Date.now()): ApiKeyInfo {
  const { id, tenantId, name, prefix, scopes, requestsPerMinute, replacedBy } = row;
  return {
    id,
    tenantId,
    name,
    prefix,
    scopes: Object.freeze([...scopes]),
    requestsPerMinute,
    status: statusOf(row, now),
    createdAt: new Date(Number(row.createdAt)),
    expiresAt: dateOf(row.expiresAt),
    revokedAt: dateOf(row.revokedAt),
    replacedBy,
    lastUsedAt: dateOf(row.lastUsedAt),
  };
}

function statusOf({ revokedAt, expiresAt, replacedBy }: ApiKeyRow, now: number) {
  if (revokedAt !== null) return 'revoked';
  if (expiresAt !== null && Number(expiresAt) <= now) return 'expired';
  return replacedBy === null ? 'active' : 'replaced';
}

function dateOf(time: number | string | null): Date | null {
  return time === null ? null : new Date(Number(time));
}
