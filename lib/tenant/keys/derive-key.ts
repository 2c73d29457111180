import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/** Bytes of every key here. */
export const KEY_LENGTH = 32;

/**
 * The key that `names` lead to from `key`, by HKDF (RFC 5869) with SHA-256: who has it knows nothing of `key`, nor of what
 * other names lead to. @param names as JSON, so that no two lists of them run together
 */
export function deriveKey(key: KeyObject, ...names: readonly (string | number)[]): KeyObject {
  return createSecretKey(deriveBytes(key, KEY_LENGTH, names));
}

/** A name for a key, which tells nothing of it. */
export function fingerprintOf(key: KeyObject): string {
  return deriveBytes(key, 8, ['fingerprint']).toString('hex');
}

function deriveBytes(key: KeyObject, length: number, names: readonly (string | number)[]): Buffer {
  const info = JSON.stringify(['nestjs-tenancy', ...names]);
  return Buffer.from(hkdfSync('sha256', key, '', info, length));
}
