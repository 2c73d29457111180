import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** The request header that a bypass secret is sent in; nowhere else is one read, so that none gets into URLs. */
export const BYPASS_HEADER = 'x-maintenance-bypass';

/** Secrets in one header: of a tenant's maintenance and of all tenants', say. */
const MOST = 4;

/** 256 random bits. */
export function createBypassSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** What is kept of a secret. It is as long as what it is made of, and as random, so nobody can guess its way back. */
export function hashBypassSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Whether a header has the secret of `hash`, compared in constant time. */
export function hasBypassSecret(header: string | string[] | undefined, hash: Buffer): boolean {
  if (header === undefined) return false;
  const given = [header].flat().flatMap((line) => line.split(','));
  return given
    .slice(0, MOST)
    .some((secret) => timingSafeEqual(hashBypassSecret(secret.trim()), hash));
}
