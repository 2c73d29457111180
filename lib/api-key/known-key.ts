import { infoOf, type ApiKeyInfo } from './api-key-info.js';
import type { ApiKeyRow } from './api-key.entity.js';

/** An API key as it is kept in memory, to be compared with what is sent. */
export interface KnownKey {
  readonly info: ApiKeyInfo;
  readonly hash: Buffer;
  readonly scopes: ReadonlySet<string>;
  /** Milliseconds since the epoch; infinite for one that does not expire. */
  readonly endsAt: number;
}

export function knownKeyOf(row: ApiKeyRow): KnownKey {
  const { hash, scopes, expiresAt, revokedAt } = row;
  return {
    info: Object.freeze(infoOf(row)),
    hash: Buffer.from(hash, 'hex'),
    scopes: new Set(scopes),
    endsAt: revokedAt === null ? Number(expiresAt ?? Infinity) : -Infinity,
  };
}
