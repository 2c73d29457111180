import { Inject, Injectable } from '@nestjs/common';
import type { KeyObject } from 'node:crypto';
import { ENCRYPTION_OPTIONS, type ResolvedEncryptionOptions } from '../encryption-options.js';
import { EncryptionKeyInvalidError } from '../errors.js';
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
