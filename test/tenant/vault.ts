import { createSecretKey } from 'node:crypto';
import type { KeyOwner, KeyProvider } from '../../lib/encryption/index.js';

/** As one that asks a key management service: with a promise, and for as long as that answers. */
export class Vault implements KeyProvider {
  asked = 0;
  failure?: Error;

  /** @param names of the keys that it has; the first encrypts */
  constructor(readonly names: readonly string[]) {}

  async current(tenant: KeyOwner) {
    return this.keyOf(tenant, this.names[0]!);
  }

  async find(tenant: KeyOwner, id: string) {
    return this.names.includes(id) ? this.keyOf(tenant, id) : undefined;
  }

  private keyOf({ id }: KeyOwner, name: string) {
    this.asked += 1;
    if (this.failure !== undefined) throw this.failure;
    return { id: name, key: createSecretKey(Buffer.alloc(32, `${name} of ${id}`)) };
  }
}
