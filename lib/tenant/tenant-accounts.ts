import { Inject, Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { ConnectionPoolManager } from '../database/connection-pool-manager.js';
import { Account } from '../options/account.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { CredentialCipher } from './credential-cipher.js';
import { CredentialsStore } from './credentials-store.js';
import type { TenantCredentials } from './tenant-credentials.entity.js';
import type { Tenant } from './tenant.entity.js';

type Owner = Pick<Tenant, 'id' | 'slug' | 'settings' | 'placement'>;

/**
 * Makes, replaces and drops tenants' accounts on their servers. Every step is recorded before it is taken, so that
 * whoever comes after a crash finds what is there. To be called inside of `TenantProvisioner.alone`.
 */
@Injectable()
export class TenantAccounts {
  /** False where all tenants are reached by the account of their server's URL. */
  readonly perTenant: boolean;

  constructor(
    private readonly store: CredentialsStore,
    private readonly cipher: CredentialCipher,
    private readonly pools: ConnectionPoolManager,
    @Inject(TENANCY_OPTIONS) { tenants }: ResolvedTenancyOptions,
  ) {
    this.perTenant = tenants.credentials === 'per-tenant';
  }

  /**
   * Gives a tenant a new account in place of the one that it has, if it has one. The old one is there until the new one
   * is in use, and whoever still holds it then is refused when logging in, before anything has run.
   */
  async rotate(tenant: Owner): Promise<void> {
    const before = await this.dropUnused(tenant);
    const account = newAccount();
    const { user, password } = account;
    const { id, slug, settings, placement } = tenant;
    // First: where the keys come from may be out of reach.
    const secret = await this.cipher.encrypt(password, { tenant: { id, slug, settings }, user });
    await this.store.announce(id, user);
    await this.administrationOf(tenant).createAccount(account, placement.database);
    await this.store.replace(id, { user, secret }, before?.user ?? null);
    await this.dropUnused(tenant);
  }

  /** Drops the account that a rotation has left, if it has. Gives what is recorded of the tenant. */
  async dropUnused(tenant: Owner): Promise<TenantCredentials | null> {
    const credentials = await this.store.find(tenant.id);
    if (credentials === null || credentials.unusedUser === null) return credentials;
    await this.administrationOf(tenant).dropAccount(credentials.unusedUser);
    await this.store.forgetUnused(tenant.id);
    return credentials;
  }

  /** Drops all of a tenant's accounts, also when they are not in use any more, because the options say `shared`. */
  async remove(tenant: Owner): Promise<void> {
    const credentials = await this.dropUnused(tenant);
    if (credentials === null) return;
    if (credentials.user !== null) {
      await this.administrationOf(tenant).dropAccount(credentials.user);
    }
    await this.store.remove(tenant.id);
  }

  private administrationOf({ placement }: Owner) {
    return this.pools.administration(placement.server);
  }
}

/** What MySQL allows for the name of a user, in characters. */
const USER_LENGTH = 32;
const USER_PREFIX = 'tenancy_';
/** Bytes. */
const PASSWORD = 24;
/** The password policies of both servers want a character of each kind, which random ones may lack. */
const OF_EACH_KIND = '-aA1';

/** With a name of 96 random bits: nobody else's, and none of a try before. */
function newAccount(): Account {
  const random = randomBytes((USER_LENGTH - USER_PREFIX.length) / 2).toString('hex');
  return new Account(
    USER_PREFIX + random,
    randomBytes(PASSWORD).toString('base64url') + OF_EACH_KIND,
  );
}
