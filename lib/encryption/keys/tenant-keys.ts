import { Inject, Injectable } from '@nestjs/common';
import type { KeyObject } from 'node:crypto';
import { ENCRYPTION_OPTIONS, type ResolvedEncryptionOptions } from '../encryption-options.js';
import { EncryptionKeyInvalidError, EncryptionKeyNotAtHandError } from '../errors.js';
import { deriveKey, KEY_LENGTH } from './derive-key.js';
import type { KeyOwner, KeyProvider, TenantKey } from './key-provider.js';

/** What a key is for: who is given the one for messages can read no column. */
export type KeyPurpose = 'messages' | 'columns' | 'blind-index';

const ID = /^[\w.-]{1,64}$/;

/** The keys of tenants for each purpose, from whatever provider the app has. */
@Injectable()
export class TenantKeys {
  private readonly provider: KeyProvider;
  private readonly derived = new WeakMap<KeyObject, Map<KeyPurpose, KeyObject>>();

  constructor(@Inject(ENCRYPTION_OPTIONS) { keys }: ResolvedEncryptionOptions) {
    this.provider = keys;
  }

  /** @throws EncryptionKeyInvalidError */
  async current(tenant: KeyOwner, purpose: KeyPurpose): Promise<TenantKey> {
    return this.forPurpose(tenant, await this.provider.current(tenant), purpose);
  }

  /** Undefined when the provider announces none. @throws EncryptionKeyInvalidError */
  async next(tenant: KeyOwner, purpose: KeyPurpose): Promise<TenantKey | undefined> {
    const key = await this.provider.next?.(tenant);
    return key && this.forPurpose(tenant, key, purpose);
  }

  /** Undefined when the tenant has no key of that id. @throws EncryptionKeyInvalidError */
  async find(tenant: KeyOwner, id: string, purpose: KeyPurpose): Promise<TenantKey | undefined> {
    if (!ID.test(id)) return undefined;
    const key = await this.provider.find(tenant, id);
    return key && this.forPurpose(tenant, key, purpose);
  }

  /** As {@link current}, at once. @throws EncryptionKeyNotAtHandError where the provider gives a promise */
  currentNow(tenant: KeyOwner, purpose: KeyPurpose): TenantKey {
    return this.forPurpose(tenant, atHand(tenant, this.provider.current(tenant)), purpose);
  }

  /** As {@link find}, at once. @throws EncryptionKeyNotAtHandError where the provider gives a promise */
  findNow(tenant: KeyOwner, id: string, purpose: KeyPurpose): TenantKey | undefined {
    if (!ID.test(id)) return undefined;
    const key = atHand(tenant, this.provider.find(tenant, id));
    return key && this.forPurpose(tenant, key, purpose);
  }

  /** All that something may be stored under. @throws EncryptionKeyNotAtHandError */
  stored(tenant: KeyOwner, purpose: KeyPurpose): readonly TenantKey[] {
    const keys = this.provider.stored?.(tenant) ?? [atHand(tenant, this.provider.current(tenant))];
    return keys.map((key) => this.forPurpose(tenant, key, purpose));
  }

  private forPurpose({ slug }: KeyOwner, { id, key, ...rest }: TenantKey, purpose: KeyPurpose) {
    if (!ID.test(id) || key.symmetricKeySize !== KEY_LENGTH) {
      throw new EncryptionKeyInvalidError(slug);
    }
    const known = this.derived.get(key) ?? new Map<KeyPurpose, KeyObject>();
    this.derived.set(key, known);
    const derived = known.get(purpose) ?? deriveKey(key, purpose);
    known.set(purpose, derived);
    return { ...rest, id, key: derived };
  }
}

function atHand<T extends object | undefined>({ slug }: KeyOwner, key: T | Promise<T>): T {
  if (key instanceof Promise) {
    // Whatever becomes of it, nobody waits for it.
    key.catch(() => {});
    throw new EncryptionKeyNotAtHandError(slug);
  }
  return key;
}
