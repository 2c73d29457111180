import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Tenant } from '../tenant/tenant.entity.js';

/** What one process counted of a tenant's quota in some seconds. Rows are added and, when they are old, deleted. */
@Entity('tenancy_quota_log', { synchronize: false })
export class QuotaLogEntry {
  /** Chosen by who writes, so that what is written again after a lost answer is there once. */
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  @Column({ name: 'tenant_id', type: 'varchar', length: 36 })
  tenantId!: string;

  /** The date in the tenant's time zone. */
  @Column({ type: 'varchar', length: 10 })
  day!: string;

  @Column({ name: 'quota_key', type: 'varchar', length: 64 })
  key!: string;

  @Column({ type: 'varchar', length: 64 })
  source!: string;

  /** Millionths of the quota's unit; less than 0 for what was given back. */
  @Column({ type: 'bigint', default: 0 })
  amount!: number | string;

  /** How often. */
  @Column({ type: 'int', default: 0 })
  uses!: number;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Relation<Tenant>;
}
