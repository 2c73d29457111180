import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type Repository } from 'typeorm';
import { insert, remove, update } from './central-rows.js';
import { TenantCredentials } from './tenant-credentials.entity.js';
import { TenantRegistry } from './tenant-registry.js';
import { CENTRAL_DATA_SOURCE } from './tokens.js';

/** The rows of tenants' accounts. Whoever writes one works on the tenant alone: see `TenantProvisioner.alone`. */
@Injectable()
export class CredentialsStore {
  constructor(
    @Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource,
    private readonly registry: TenantRegistry,
  ) {}

  async find(tenantId: string): Promise<TenantCredentials | null> {
    return this.rows.findOneBy({ tenantId });
  }

  /** Records an account that is about to be made. */
  async announce(tenantId: string, unusedUser: string): Promise<void> {
    const known = await update(this.rows, { tenantId }, { unusedUser });
    if (known > 0) return;
    const none = { user: null, secret: null, rotatedAt: null };
    await insert(this.rows, this.rows.create({ tenantId, unusedUser, ...none }));
  }

  /** Puts an account into use, in place of the one before, which is to be dropped. Known to the registry at once. */
  async replace(
    tenantId: string,
    { user, secret }: { readonly user: string; readonly secret: string },
    unusedUser: string | null,
  ): Promise<void> {
    await update(this.rows, { tenantId }, { user, secret, unusedUser, rotatedAt: new Date() });
    this.registry.invalidate(tenantId);
  }

  /** The unused account was dropped. */
  async forgetUnused(tenantId: string): Promise<void> {
    await update(this.rows, { tenantId }, { unusedUser: null });
  }

  /** Forgets a tenant's accounts. */
  async remove(tenantId: string): Promise<void> {
    await remove(this.rows, { tenantId });
    this.registry.invalidate(tenantId);
  }

  private get rows(): Repository<TenantCredentials> {
    return this.central.getRepository(TenantCredentials);
  }
}
