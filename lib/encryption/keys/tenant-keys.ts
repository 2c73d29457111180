import { Inject, Injectable } from '@nestjs/common';
import type { KeyOwner, TenantKey } from '../../options/key-provider.js';
import { ProvidedKeys, type KeyPurpose } from '../../tenant/keys/provided-keys.js';
import { ENCRYPTION_OPTIONS, type ResolvedEncryptionOptions } from '../encryption-options.js';
import { EncryptionKeyNotAtHandError } from '../errors.js';

/** The keys of tenants as messages and columns need them: those to come too, and at once. */
@Injectable()
export class TenantKeys extends ProvidedKeys {
  constructor(@Inject(ENCRYPTION_OPTIONS) { keys }: ResolvedEncryptionOptions) {
    super(keys);
  }

  /** Undefined when the provider announces none. @throws EncryptionKeyInvalidError */
  async next(tenant: KeyOwner, purpose: KeyPurpose): Promise<TenantKey | undefined> {
    const key = await this.provider.next?.(tenant);
    return key && this.forPurpose(tenant, key, purpose);
  }

  /** As {@link current}, at once. @throws EncryptionKeyNotAtHandError where the provider gives a promise */
  currentNow(tenant: KeyOwner, purpose: KeyPurpose): TenantKey {
    return this.forPurpose(tenant, atHand(tenant, this.provider.current(tenant)), purpose);
  }

  /** As {@link find}, at once. @throws EncryptionKeyNotAtHandError where the provider gives a promise */
  findNow(tenant: KeyOwner, id: string, purpose: KeyPurpose): TenantKey | undefined {
    if (!this.isId(id)) return undefined;
    const key = atHand(tenant, this.provider.find(tenant, id));
    return key && this.forPurpose(tenant, key, purpose);
  }

  /** All that something may be stored under. @throws EncryptionKeyNotAtHandError */
  stored(tenant: KeyOwner, purpose: KeyPurpose): readonly TenantKey[] {
    const keys = this.provider.stored?.(tenant) ?? [atHand(tenant, this.provider.current(tenant))];
    return keys.map((key) => this.forPurpose(tenant, key, purpose));
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
