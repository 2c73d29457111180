import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Tenant } from '../tenant/tenant.entity.js';

/** What a tenant has used of a quota in a period, in millionths of the unit. Change it through `QuotaService`. */
@Entity('tenancy_quota_counters', { synchronize: false })
export class QuotaCounter {
  @PrimaryColumn({ name: 'tenant_id', type: 'varchar', length: 36 })
  tenantId!: string;

  @PrimaryColumn({ name: 'quota_key', type: 'varchar', length: 64 })
  key!: string;

  /** The date, the month or the beginning; empty for what never begins anew. */
  @PrimaryColumn({ type: 'varchar', length: 16 })
  period!: string;

  /** Used and reserved. */
  @Column({ type: 'bigint', default: 0 })
  taken!: number | string;

  @Column({ type: 'bigint', default: 0 })
  reserved!: number | string;

  /** Which events were told. */
  @Column({ type: 'int', default: 0 })
  marks!: number;

  /** Milliseconds since the epoch. */
  @Column({ name: 'expires_at', type: 'bigint', nullable: true })
  expiresAt!: number | string | null;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Relation<Tenant>;
}
