import { Inject, Injectable } from '@nestjs/common';
import type { ConnectionShare, CurrentTenant } from '../context/current-tenant.js';
import { Account } from '../options/account.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { checkShare } from './connection-share.js';
import { CredentialCipher } from './credential-cipher.js';
import type { TenantCredentials } from './tenant-credentials.entity.js';
import type { Tenant, TenantPlacement } from './tenant.entity.js';

/** Makes of a tenant's row what code works with: whose placement says who logs in, and what share it may have. */
@Injectable()
export class CurrentTenants {
  private readonly share?: (tenant: CurrentTenant) => ConnectionShare;
  private readonly perTenant: boolean;
  private readonly asksSchema: boolean;
  /** By the placement of the row, which is what a copy of the row shares with it. */
  private readonly fingerprints = new WeakMap<TenantPlacement, string>();

  constructor(
    private readonly cipher: CredentialCipher,
    @Inject(TENANCY_OPTIONS) { tenants }: Pick<ResolvedTenancyOptions, 'tenants'>,
  ) {
    this.share = tenants.share;
    this.perTenant = tenants.credentials === 'per-tenant';
    this.asksSchema = tenants.onPendingMigrations !== 'serve';
  }

  /** What a row is to be loaded with for {@link complete}. */
  get relations(): { readonly credentials: boolean; readonly schemaState: boolean } {
    return { credentials: this.perTenant, schemaState: this.asksSchema };
  }

  /**
   * Puts the terms of its placement into a tenant that was just loaded. They are made up when they are first used: what
   * is only listed comes without a key too, and so does the tenant to be given a new account because its old one cannot be
   * read any more.
   */
  async complete(tenant: Tenant): Promise<Tenant> {
    const { credentials, schemaState } = tenant;
    delete tenant.credentials;
    delete tenant.schemaState;
    if (schemaState != null) this.fingerprints.set(tenant.placement, schemaState.fingerprint);
    // Not enumerable: what an app sends on of a tenant is its row.
    if (this.perTenant) {
      madeOnUse(tenant.placement, 'account', await this.accountOf(tenant, credentials));
    }
    if (this.share !== undefined) {
      // What the app asks the share for is frozen; this row is not.
      const copy = () => ({ ...tenant, settings: structuredClone(tenant.settings) });
      madeOnUse(tenant.placement, 'share', () => this.of(copy()).placement.share);
    }
    return tenant;
  }

  /**
   * The frozen copy of a completed tenant that the context carries.
   * @throws CredentialKeyMissingError, CredentialsUnreadableError, EncryptionKeyInvalidError, TenantShareError, and what
   *   a key provider throws
   */
  of(tenant: Tenant): CurrentTenant {
    const { id, slug, name, status, generation } = tenant;
    const { server, database, account } = tenant.placement;
    const schema = this.fingerprints.get(tenant.placement);
    const placement = { server, database, ...(account !== undefined && { account }) };
    const current = {
      id,
      slug,
      name,
      status,
      placement: Object.freeze(placement),
      settings: deepFreeze(tenant.settings),
      generation,
      ...(schema !== undefined && { schema }),
    };
    if (this.share === undefined) return Object.freeze(current);
    const share = checkShare(this.share(Object.freeze({ ...current })), slug);
    return Object.freeze({ ...current, placement: Object.freeze({ ...placement, share }) });
  }

  private async accountOf(
    { id, slug, settings }: Tenant,
    credentials: TenantCredentials | null | undefined,
  ): Promise<() => Account | undefined> {
    if (credentials?.user == null || credentials.secret == null) return () => undefined;
    const { user, secret } = credentials;
    const open = await this.cipher.opener(secret, { tenant: { id, slug, settings }, user });
    return () => new Account(user, open());
  }
}

function madeOnUse<T extends object, K extends keyof T>(target: T, name: K, make: () => T[K]) {
  Object.defineProperty(target, name, {
    configurable: true,
    get() {
      const value = make();
      Object.defineProperty(target, name, { value });
      return value;
    },
  });
}

function deepFreeze<T extends object>(value: T): Readonly<T> {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  }
  return Object.freeze(value);
}
