import { LRUCache } from 'lru-cache';
import { createSecretKey, type KeyObject } from 'node:crypto';
import { EncryptionOptionsError } from '../errors.js';
import { deriveKey, fingerprintOf, KEY_LENGTH } from '../../tenant/keys/derive-key.js';
import { encryptionSettingsOf } from './encryption-settings.js';
import type { KeyOwner, KeyProvider, TenantKey } from '../../options/key-provider.js';

/** Keys that are kept derived: deriving one takes 10 µs. */
const KEPT = 10_000;

/**
 * Derives the keys of all tenants from master keys, so that none has to be stored. A tenant's key has the id
 * `<fingerprint of the master key>.<version>`, where the version is `settings.encryption.keyVersion` of the tenant. The
 * first master key encrypts, all decrypt.
 */
export class MasterKeys implements KeyProvider {
  private readonly masters: ReadonlyMap<string, KeyObject>;
  private readonly first: string;
  private readonly derived = new LRUCache<string, KeyObject>({ max: KEPT });

  /**
   * @param keys each of 32 random bytes, in base64: `openssl rand -base64 32`
   * @throws EncryptionOptionsError
   */
  constructor(keys: readonly string[]) {
    const masters = keys.map((key, index) => masterKey(key, index));
    this.masters = new Map(masters.map((key) => [fingerprintOf(key), key]));
    const [first] = this.masters.keys();
    if (first === undefined) throw new EncryptionOptionsError('`masterKeys` holds no key');
    this.first = first;
  }

  current(tenant: KeyOwner): TenantKey {
    const { keyVersion } = encryptionSettingsOf(tenant);
    return { id: `${this.first}.${keyVersion}`, key: this.keyOf(tenant, this.first, keyVersion) };
  }

  next(tenant: KeyOwner): TenantKey {
    const version = encryptionSettingsOf(tenant).keyVersion + 1;
    return { id: `${this.first}.${version}`, key: this.keyOf(tenant, this.first, version) };
  }

  find(tenant: KeyOwner, id: string): TenantKey | undefined {
    const [, fingerprint = '', digits = ''] = /^([0-9a-f]{16})\.([1-9]\d{0,8})$/.exec(id) ?? [];
    const version = Number(digits);
    const { keyVersion, previousKeyUntil } = encryptionSettingsOf(tenant);
    // One ahead: another process has rotated it, and this one has not heard of it yet.
    if (!this.masters.has(fingerprint) || version < 1 || version > keyVersion + 1) return undefined;
    const key = this.keyOf(tenant, fingerprint, version);
    if (version >= keyVersion) return { id, key };
    const until = version === keyVersion - 1 ? previousKeyUntil : undefined;
    return { id, key, retiredAt: until === undefined ? 0 : Date.parse(until) };
  }

  stored(tenant: KeyOwner): readonly TenantKey[] {
    const { keyVersion } = encryptionSettingsOf(tenant);
    // One more: another process may have rotated it, and stored something.
    const versions = Array.from({ length: keyVersion + 1 }, (_, index) => index + 1);
    return [...this.masters.keys()].flatMap((fingerprint) =>
      versions.map((version) => ({
        id: `${fingerprint}.${version}`,
        key: this.keyOf(tenant, fingerprint, version),
      })),
    );
  }

  private keyOf({ id }: KeyOwner, fingerprint: string, version: number): KeyObject {
    const name = `${fingerprint}.${version}.${id}`;
    const known = this.derived.get(name);
    if (known !== undefined) return known;
    const key = deriveKey(this.masters.get(fingerprint)!, 'tenant', id, version);
    this.derived.set(name, key);
    return key;
  }
}

function masterKey(text: string, index: number): KeyObject {
  const bytes = Buffer.from(text, 'base64');
  // What Buffer does not understand it leaves out: only the same text again is what was meant.
  const plain = (value: string) => value.replaceAll('=', '');
  if (bytes.length !== KEY_LENGTH || plain(bytes.toString('base64')) !== plain(text)) {
    throw new EncryptionOptionsError(
      `\`masterKeys[${index}]\` is not ${KEY_LENGTH} bytes in base64: openssl rand -base64 ${KEY_LENGTH}`,
    );
  }
  return createSecretKey(bytes);
}
