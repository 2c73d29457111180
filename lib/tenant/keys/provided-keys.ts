import type { KeyObject } from 'node:crypto';
import type { KeyOwner, KeyProvider, TenantKey } from '../../options/key-provider.js';
import { EncryptionKeyInvalidError } from '../errors.js';
import { deriveKey, KEY_LENGTH } from './derive-key.js';

/** What a key is for: who is given the one for messages can read nothing that is stored. */
export type KeyPurpose = 'messages' | 'columns' | 'blind-index' | 'credentials';

const ID = /^[\w.-]{1,64}$/;

/** The keys of tenants for each purpose, from whatever provider the app has. */
export class ProvidedKeys {
  private readonly derived = new WeakMap<KeyObject, Map<KeyPurpose, KeyObject>>();

  constructor(protected readonly provider: KeyProvider) {}

  /** @throws EncryptionKeyInvalidError */
  async current(tenant: KeyOwner, purpose: KeyPurpose): Promise<TenantKey> {
    return this.forPurpose(tenant, await this.provider.current(tenant), purpose);
  }

  /** Undefined when the tenant has no key of that id. @throws EncryptionKeyInvalidError */
  async find(tenant: KeyOwner, id: string, purpose: KeyPurpose): Promise<TenantKey | undefined> {
    if (!this.isId(id)) return undefined;
    const key = await this.provider.find(tenant, id);
    return key && this.forPurpose(tenant, key, purpose);
  }

  protected isId(id: string): boolean {
    return ID.test(id);
  }

  protected forPurpose(
    { slug }: KeyOwner,
    { id, key, ...rest }: TenantKey,
    purpose: KeyPurpose,
  ): TenantKey {
    if (!this.isId(id) || key.symmetricKeySize !== KEY_LENGTH) {
      throw new EncryptionKeyInvalidError(slug);
    }
    const known = this.derived.get(key) ?? new Map<KeyPurpose, KeyObject>();
    this.derived.set(key, known);
    const derived = known.get(purpose) ?? deriveKey(key, purpose);
    known.set(purpose, derived);
    return { ...rest, id, key: derived };
  }
}
