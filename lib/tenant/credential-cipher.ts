import { Inject, Injectable } from '@nestjs/common';
import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';
import type { KeyOwner } from '../options/key-provider.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { credentialKeysOf, type CredentialKeys } from './credential-keys.js';
import { CredentialKeyMissingError, CredentialsUnreadableError } from './errors.js';

const ALGORITHM = 'aes-256-gcm';
/** Bytes. What GCM is made for: a longer one would be hashed down to these. */
const NONCE = 12;
/** Bytes of GCM's proof that nothing was changed. */
const TAG = 16;

/** Whose password it is. A secret that was copied to another tenant's row, or put beside another user, does not open. */
export interface SecretOwner {
  readonly tenant: KeyOwner;
  readonly user: string;
}

/**
 * Encrypts the passwords of tenants' accounts for the central database, with the keys of `tenants.credentialKeys`: the
 * first encrypts, all decrypt. A secret is `key.nonce.ciphertext`, the last two in base64url, where the key is named by a
 * fingerprint, or by its provider.
 */
@Injectable()
export class CredentialCipher {
  private readonly keys: readonly CredentialKeys[];

  constructor(@Inject(TENANCY_OPTIONS) { tenants }: Pick<ResolvedTenancyOptions, 'tenants'>) {
    this.keys = tenants.credentialKeys.map(credentialKeysOf);
  }

  /** @throws CredentialKeyMissingError without any key, EncryptionKeyInvalidError, and what a key provider throws */
  async encrypt(password: string, owner: SecretOwner): Promise<string> {
    const [first] = this.keys;
    if (first === undefined) throw new CredentialKeyMissingError(owner.tenant.id);
    const { name, key } = await first.current(owner.tenant);
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(associatedData(owner));
    const sealed = [cipher.update(password, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return [name, ...[nonce, Buffer.concat(sealed)].map((part) => part.toString('base64url'))].join(
      '.',
    );
  }

  /**
   * Gets the key of a secret, which may take a while, and gives what opens it at once. Without the key that throws: who
   * never opens the secret needs none.
   * @returns throws CredentialKeyMissingError, CredentialsUnreadableError, EncryptionKeyInvalidError, and what a key
   *   provider throws
   */
  async opener(secret: string, owner: SecretOwner): Promise<() => string> {
    const [name = '', nonce = '', sealed = ''] = secret.split('.');
    try {
      const key = await this.find(owner.tenant, name);
      return () => open(key, nonce, sealed, owner);
    } catch (error) {
      return () => {
        throw error;
      };
    }
  }

  /** @throws CredentialKeyMissingError */
  private async find(tenant: KeyOwner, name: string): Promise<KeyObject> {
    for (const keys of this.keys) {
      const key = await keys.find(tenant, name);
      if (key !== undefined) return key;
    }
    throw new CredentialKeyMissingError(tenant.id, name);
  }
}

/** @throws CredentialsUnreadableError */
function open(key: KeyObject, nonce: string, sealed: string, owner: SecretOwner): string {
  const bytes = Buffer.from(sealed, 'base64url');
  try {
    const decipher = createDecipheriv(ALGORITHM, key, Buffer.from(nonce, 'base64url'), {
      // Shorter ones, of which a few bytes are soon guessed, would else be taken for good.
      authTagLength: TAG,
    });
    decipher.setAAD(associatedData(owner)).setAuthTag(bytes.subarray(-TAG));
    const password = decipher.update(bytes.subarray(0, -TAG));
    return Buffer.concat([password, decipher.final()]).toString('utf8');
  } catch (cause) {
    throw new CredentialsUnreadableError(owner.tenant.id, cause);
  }
}

function associatedData({ tenant, user }: SecretOwner): Buffer {
  return Buffer.from(JSON.stringify([tenant.id, user]));
}
