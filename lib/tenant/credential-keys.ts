import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import type { KeyOwner, KeyProvider } from '../options/key-provider.js';
import { ProvidedKeys } from './keys/provided-keys.js';

/** A key, and the name that a secret has of it: without a dot, and no other entry's of `tenants.credentialKeys`. */
export interface CredentialKey {
  readonly name: string;
  readonly key: KeyObject;
}

/** One entry of `tenants.credentialKeys`. */
export interface CredentialKeys {
  /** What encrypts a tenant's password from now on. */
  current(tenant: KeyOwner): Promise<CredentialKey>;
  /** What a password was encrypted with; undefined when that is not of this entry. */
  find(tenant: KeyOwner, name: string): Promise<KeyObject | undefined>;
}

export function credentialKeysOf(entry: string | KeyProvider): CredentialKeys {
  return typeof entry === 'string' ? new ListedKey(entry) : new KeysOfProvider(entry);
}

/** A key of the options, which is the same for all tenants. Its name is a fingerprint. */
class ListedKey implements CredentialKeys {
  private readonly own: CredentialKey;

  constructor(base64: string) {
    const bytes = Buffer.from(base64, 'base64');
    // Of 32 random bytes, so it tells nothing of them.
    const name = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    this.own = { name, key: createSecretKey(bytes) };
  }

  async current(): Promise<CredentialKey> {
    return this.own;
  }

  async find(_tenant: KeyOwner, name: string): Promise<KeyObject | undefined> {
    return name === this.own.name ? this.own.key : undefined;
  }
}

/** No fingerprint begins so. */
const PROVIDED = 'provider:';

/** Keys of each tenant, derived of those that a provider gives. Their names are its ids, with `~` for the dots. */
class KeysOfProvider implements CredentialKeys {
  private readonly keys: ProvidedKeys;

  constructor(provider: KeyProvider) {
    this.keys = new ProvidedKeys(provider);
  }

  async current(tenant: KeyOwner): Promise<CredentialKey> {
    const { id, key } = await this.keys.current(tenant, 'credentials');
    return { name: PROVIDED + id.replaceAll('.', '~'), key };
  }

  async find(tenant: KeyOwner, name: string): Promise<KeyObject | undefined> {
    if (!name.startsWith(PROVIDED)) return undefined;
    const id = name.slice(PROVIDED.length).replaceAll('~', '.');
    return (await this.keys.find(tenant, id, 'credentials'))?.key;
  }
}
