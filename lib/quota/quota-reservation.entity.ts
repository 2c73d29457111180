import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Tenant } from '../tenant/tenant.entity.js';

/** A part of a quota that is kept for work whose cost is known later. */
@Entity('tenancy_quota_reservations', { synchronize: false })
export class QuotaReservationRow {
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  @Column({ name: 'tenant_id', type: 'varchar', length: 36 })
  tenantId!: string;

  @Column({ name: 'quota_key', type: 'varchar', length: 64 })
  key!: string;

  @Column({ type: 'varchar', length: 16 })
  period!: string;

  @Column({ type: 'bigint' })
  amount!: number | string;

  /** Milliseconds since the epoch. */
  @Column({ type: 'bigint' })
  until!: number | string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Relation<Tenant>;
}
