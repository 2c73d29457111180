import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Tenant } from '../tenant/tenant.entity.js';

/** A maintenance, of a tenant or of all. Change it through `MaintenanceService`: the processes know it by heart. */
@Entity('tenancy_maintenance', { synchronize: false })
export class MaintenanceRow {
  /** Of a window a UUID; of what is enabled by hand the tenant's id, or `all`, so that there is one. */
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  /** Null for all tenants. */
  @Column({ name: 'tenant_id', type: 'varchar', length: 36, nullable: true })
  tenantId!: string | null;

  /** Milliseconds since the epoch. */
  @Column({ name: 'begins_at', type: 'bigint' })
  beginsAt!: number | string;

  /** As `beginsAt`; null for until it is disabled. */
  @Column({ name: 'ends_at', type: 'bigint', nullable: true })
  endsAt!: number | string | null;

  /** 1 once it was told that it has begun. */
  @Column({ type: 'int', default: 0 })
  told!: number;

  @Column({ type: 'varchar', length: 500, nullable: true })
  message!: string | null;

  /** Seconds. */
  @Column({ name: 'retry_after', type: 'int' })
  retryAfter!: number;

  /** Addresses and networks. */
  @Column({ type: 'simple-json' })
  allowed!: readonly string[];

  /** SHA-256 of the bypass secret, in hexadecimal. */
  @Column({ name: 'bypass_hash', type: 'varchar', length: 64, nullable: true })
  bypassHash!: string | null;

  /** When it was enabled or scheduled, in milliseconds since the epoch. */
  @Column({ name: 'set_at', type: 'bigint' })
  setAt!: number | string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Relation<Tenant> | null;
}
