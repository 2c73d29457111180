import { Inject, Injectable } from '@nestjs/common';
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { CredentialKeyMissingError, CredentialsUnreadableError } from './errors.js';

const ALGORITHM = 'aes-256-gcm';
/** Bytes. What GCM is made for: a longer one would be hashed down to these. */
const NONCE = 12;
/** Bytes of GCM's proof that nothing was changed. */
const TAG = 16;

/** Whose password it is. A secret that was copied to another tenant's row, or put beside another user, does not open. */
export interface SecretOwner {
  readonly tenantId: string;
  readonly user: string;
}

/**
 * Encrypts the passwords of tenants' accounts for the central database, with the keys of `tenants.credentialKeys`: the
 * first encrypts, all decrypt. A secret is `key.nonce.ciphertext` in base64url, where the key is named by a fingerprint.
 */
@Injectable()
export class CredentialCipher {
  private readonly keys: ReadonlyMap<string, KeyObject>;

  constructor(@Inject(TENANCY_OPTIONS) { tenants }: Pick<ResolvedTenancyOptions, 'tenants'>) {
    const keys = tenants.credentialKeys.map((key) => Buffer.from(key, 'base64'));
    this.keys = new Map(keys.map((key) => [fingerprintOf(key), createSecretKey(key)]));
  }

  /** @throws CredentialKeyMissingError without any key */
  encrypt(password: string, owner: SecretOwner): string {
    const [first] = this.keys;
    if (first === undefined) throw new CredentialKeyMissingError(owner.tenantId);
    const [name, key] = first;
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(associatedData(owner));
    const sealed = [cipher.update(password, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return [name, ...[nonce, Buffer.concat(sealed)].map((part) => part.toString('base64url'))].join(
      '.',
    );
  }

  /** @throws CredentialKeyMissingError, CredentialsUnreadableError */
  decrypt(secret: string, owner: SecretOwner): string {
    const [name = '', nonce = '', sealed = ''] = secret.split('.');
    const key = this.keys.get(name);
    if (key === undefined) throw new CredentialKeyMissingError(owner.tenantId, name);
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
      throw new CredentialsUnreadableError(owner.tenantId, cause);
    }
  }
}

function associatedData({ tenantId, user }: SecretOwner): Buffer {
  return Buffer.from(JSON.stringify([tenantId, user]));
}

/** Of 32 random bytes, so it tells nothing of them. */
function fingerprintOf(key: Buffer): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 16);
}
