import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Tenant } from '../tenant/tenant.entity.js';

/** An impersonation that was issued, until some time after its token is worth nothing. */
@Entity('tenancy_impersonations', { synchronize: false })
export class ImpersonationRow {
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  /** SHA-256 of the token, in hexadecimal. */
  @Column({ name: 'token_hash', type: 'varchar', length: 64, unique: true })
  tokenHash!: string;

  @Column({ name: 'tenant_id', type: 'varchar', length: 36 })
  tenantId!: string;

  @Column({ name: 'user_id', type: 'varchar', length: 255 })
  userId!: string;

  @Column({ type: 'varchar', length: 255 })
  actor!: string;

  @Column({ type: 'varchar', length: 500, nullable: true })
  reason!: string | null;

  /** 1 for one that may look only. */
  @Column({ name: 'read_only', type: 'int' })
  readOnly!: number;

  /** Milliseconds that it lasts from when it is redeemed. */
  @Column({ type: 'int' })
  duration!: number;

  /** When its token is worth nothing any more, in milliseconds since the epoch. */
  @Column({ name: 'expires_at', type: 'bigint' })
  expiresAt!: number | string;

  /** As `expiresAt`; null for one whose token was not used. */
  @Column({ name: 'redeemed_at', type: 'bigint', nullable: true })
  redeemedAt!: number | string | null;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Relation<Tenant>;
}
