import { Injectable } from '@nestjs/common';
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { EncryptedValueUnreadableError } from '../errors.js';
import type { KeyOwner, TenantKey } from '../../options/key-provider.js';
import { TenantKeys } from '../keys/tenant-keys.js';
import type { EncryptedTerms } from './encrypted.decorator.js';

/** An encrypted column, as its values are bound to it. */
export interface ValueColumn extends EncryptedTerms {
  /** For errors. */
  readonly name: string;
  readonly boundTo: string;
}

const ALGORITHM = 'aes-256-gcm';
/** Bytes. */
const NONCE = 12;
const TAG = 16;
/** Bytes of a blind index: two texts have the same by accident in 2⁶⁴. */
const BLIND = 16;

const FORMAT = 'enc1';
/** Where there is no blind index. */
const NO_BLIND = '-';

/**
 * Encrypts values of columns: `enc1.<key>.<blind index>.<nonce, ciphertext and tag in base64url>`, with the tenant, the
 * column and all before the last dot as associated data.
 */
@Injectable()
export class ValueCipher {
  constructor(private readonly keys: TenantKeys) {}

  encrypt(text: string, tenant: KeyOwner, column: ValueColumn): string {
    const { id, key } = this.keys.currentNow(tenant, 'columns');
    const blind = column.searchable
      ? blindOf(text, this.keys.currentNow(tenant, 'blind-index'), column)
      : NO_BLIND;
    const head = `${FORMAT}.${encode(id)}.${blind}`;
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv(ALGORITHM, key, nonce);
    cipher.setAAD(associatedData(tenant, column, head));
    const sealed = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return `${head}.${Buffer.concat(sealed).toString('base64url')}`;
  }

  /** @throws EncryptedValueUnreadableError */
  decrypt(stored: string, tenant: KeyOwner, column: ValueColumn): string {
    const unreadable = (problem: string, cause?: unknown) =>
      new EncryptedValueUnreadableError(column.name, tenant.slug, problem, cause);
    const [format, id = '', blind = '', sealed = '', ...more] = stored.split('.');
    if (format !== FORMAT || sealed === '' || more.length > 0) {
      throw unreadable('it is not encrypted. What was stored before is encrypted by reencrypt()');
    }
    const key = this.keys.findNow(tenant, decode(id), 'columns');
    if (key === undefined) throw unreadable(`its key "${decode(id)}" is unknown`);
    const bytes = Buffer.from(sealed, 'base64url');
    try {
      const nonce = bytes.subarray(0, NONCE);
      const decipher = createDecipheriv(ALGORITHM, key.key, nonce, { authTagLength: TAG });
      decipher.setAAD(associatedData(tenant, column, `${format}.${id}.${blind}`));
      decipher.setAuthTag(bytes.subarray(-TAG));
      const text = decipher.update(bytes.subarray(NONCE, -TAG));
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch (error) {
      throw unreadable('it belongs to another tenant or column, or was changed', error);
    }
  }

  isEncrypted(stored: string): boolean {
    return stored.startsWith(`${FORMAT}.`);
  }

  /** What every value begins with that is as it would be encrypted now. */
  currentPrefix(tenant: KeyOwner): string {
    return `${FORMAT}.${encode(this.keys.currentNow(tenant, 'columns').id)}.`;
  }

  /** The same for those without a blind index. */
  currentBlindless(tenant: KeyOwner): string {
    return `${this.currentPrefix(tenant)}${NO_BLIND}.`;
  }

  /** What the values begin with that are `text`, one for each key. */
  prefixesOf(text: string, tenant: KeyOwner, column: ValueColumn): readonly string[] {
    return this.keys
      .stored(tenant, 'blind-index')
      .map((key) => `${FORMAT}.${encode(key.id)}.${blindOf(text, key, column)}.`);
  }
}

/** The dot is what parts are separated by; ids have no tilde. */
const encode = (id: string) => id.replaceAll('.', '~');
const decode = (id: string) => id.replaceAll('~', '.');

function blindOf(text: string, { key }: TenantKey, { searchable, boundTo }: ValueColumn): string {
  const same = typeof searchable === 'function' ? searchable(text) : text;
  const hash = createHmac('sha256', key).update(JSON.stringify([boundTo, same]));
  // Hexadecimal: collations that know no case know these apart.
  return hash.digest('hex').slice(0, 2 * BLIND);
}

function associatedData({ id }: KeyOwner, { boundTo }: ValueColumn, head: string): Buffer {
  return Buffer.from(JSON.stringify([id, boundTo, head]));
}
