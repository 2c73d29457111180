import { createHash, randomBytes } from 'node:crypto';
import type { CurrentTenant } from '../context/current-tenant.js';

/** What a session belongs to. The id of the session says it, so that no query is needed to find out. */
export type SessionOwner = Pick<CurrentTenant, 'id' | 'generation'>;

const FORM = /^([0-9a-f-]{36})\.(\d{1,10})\.[\w-]{43}$/;

/**
 * A new id: the tenant, its generation, and 256 random bits. In the cookie it is signed with the app's secret, so that
 * nobody writes another tenant or generation in front of a known session.
 */
export function newSessionId({ id, generation }: SessionOwner): string {
  return `${id}.${generation}.${randomBytes(32).toString('base64url')}`;
}

/** Whose session it is; undefined for what is no id of ours. */
export function ownerOf(sessionId: string): SessionOwner | undefined {
  const [, id, generation] = FORM.exec(sessionId) ?? [];
  return id === undefined ? undefined : { id, generation: Number(generation) };
}

/**
 * The name that a session is kept under. A hash, so that neither a backup of the database nor a list of sessions holds
 * anything that could be put into a cookie. After the generation, so that those of this one can be told from the others.
 */
export function keyOf(sessionId: string): string {
  const generation = ownerOf(sessionId)?.generation ?? 0;
  return keyPrefix(generation) + createHash('sha256').update(sessionId).digest('base64url');
}

/** What the keys of a generation begin with. */
export function keyPrefix(generation: number): string {
  return `${generation}.`;
}

/** @param key as {@link keyOf} makes it */
export function generationOf(key: string): number {
  return Number.parseInt(key, 10) || 0;
}
