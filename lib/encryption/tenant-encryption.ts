import { Injectable } from '@nestjs/common';
import type { CurrentTenant, TenantSettings } from '../context/current-tenant.js';
import { runCentrally } from '../context/tenant-context.js';
import { TenantService } from '../tenant/tenant.service.js';
import { EncryptionOptionsError } from './errors.js';
import { encryptionSettingsOf } from './keys/encryption-settings.js';
import type { KeyOwner, TenantKey } from '../options/key-provider.js';
import { TenantKeys } from './keys/tenant-keys.js';

/** A tenant's key for messages as a JWK (RFC 7517), to be given to its clients over a channel of its own. A secret. */
export interface ClientKey {
  readonly kty: 'oct';
  readonly use: 'enc';
  readonly alg: 'dir';
  readonly kid: string;
  /** The key's 32 bytes in base64url. */
  readonly k: string;
}

export interface RotateOptions {
  /** Seconds that messages under the key before are accepted for. Default 86,400; 0 when that key has leaked. */
  readonly overlap?: number;
}

/** Gives out the keys of tenants' clients, and changes them. */
@Injectable()
export class TenantEncryption {
  constructor(
    private readonly keys: TenantKeys,
    private readonly tenants: TenantService,
  ) {}

  /**
   * What a client of the tenant seals and opens messages with. It opens nothing that is stored, and nothing of another
   * tenant.
   */
  async clientKey(tenant: CurrentTenant): Promise<ClientKey> {
    return asJwk(await this.keys.current(tenant, 'messages'));
  }

  /**
   * The key that the next {@link rotate} makes the current one. It is accepted already: give it to clients first, so that
   * they can read the answers from the moment of the rotation on. Undefined where the key provider announces none.
   */
  async nextClientKey(tenant: CurrentTenant): Promise<ClientKey | undefined> {
    const key = await this.keys.next(tenant, 'messages');
    return key && asJwk(key);
  }

  /**
   * Gives one tenant new keys under the same master key, in every process within milliseconds: see `redis`. What is stored
   * stays readable. No change of the tenant's settings that is made at the same moment is lost by it.
   * @param reference id or slug
   * @throws TenantNotFoundError, EncryptionSettingsError
   */
  async rotate(reference: string, { overlap = 86_400 }: RotateOptions = {}): Promise<void> {
    if (!Number.isFinite(overlap) || overlap < 0) {
      throw new EncryptionOptionsError('`overlap` is not a number of seconds from 0 on');
    }
    await runCentrally('rotate the keys of a tenant', async () => {
      const { id, slug } = await this.tenants.get(reference);
      await this.tenants.update(id, {
        settings: (settings) => rotated({ id, slug, settings }, overlap),
      });
    });
  }
}

function rotated(tenant: KeyOwner, overlap: number): TenantSettings {
  const { keyVersion, previousKeyUntil: _, ...rest } = encryptionSettingsOf(tenant);
  const previousKeyUntil = new Date(Date.now() + overlap * 1_000).toISOString();
  const encryption = { ...rest, keyVersion: keyVersion + 1, previousKeyUntil };
  return { ...tenant.settings, encryption };
}

function asJwk({ id, key }: TenantKey): ClientKey {
  return { kty: 'oct', use: 'enc', alg: 'dir', kid: id, k: key.export().toString('base64url') };
}
