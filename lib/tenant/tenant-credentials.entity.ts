import { Column, Entity, JoinColumn, OneToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Tenant } from './tenant.entity.js';

/** A tenant's own account on its server. A tenant without a row, or without a user in it, is reached by the shared one. */
@Entity('tenancy_credentials', { synchronize: false })
export class TenantCredentials {
  @PrimaryColumn({ name: 'tenant_id', type: 'varchar', length: 36 })
  tenantId!: string;

  @Column({ type: 'varchar', length: 32, nullable: true })
  user!: string | null;

  /** The password, encrypted: see `CredentialCipher`. */
  @Column({ type: 'varchar', length: 255, nullable: true })
  secret!: string | null;

  /**
   * An account of the tenant's that may be on the server and is not in use: the next one until it is whole, then the one
   * before until it is dropped. Recorded first, so that no crash leaves an account that nobody knows of.
   */
  @Column({ name: 'unused_user', type: 'varchar', length: 32, nullable: true })
  unusedUser!: string | null;

  @Column({ name: 'rotated_at', type: 'datetime', nullable: true })
  rotatedAt!: Date | null;

  @OneToOne(() => Tenant, (tenant) => tenant.credentials, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant!: Relation<Tenant>;
}
