import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Tenant } from '../tenant/tenant.entity.js';

/** Where a chain stands: its head, signed, so that rows that are missing at its end are missed. */
@Entity('tenancy_audit_chains', { synchronize: false })
export class AuditChain {
  /** The tenant's id, or `central`. */
  @PrimaryColumn({ type: 'varchar', length: 36 })
  chain!: string;

  /** Null for the central chain. */
  @Column({ name: 'tenant_id', type: 'varchar', length: 36, nullable: true })
  tenantId!: string | null;

  /** Of the last row. */
  @Column({ type: 'bigint' })
  seq!: number | string;

  @Column({ type: 'varchar', length: 64 })
  hash!: string;

  /** Of the last row that was taken out into an archive. 0: none was. */
  @Column({ name: 'archived_seq', type: 'bigint' })
  archivedSeq!: number | string;

  @Column({ name: 'archived_hash', type: 'varchar', length: 64 })
  archivedHash!: string;

  @Column({ name: 'key_id', type: 'varchar', length: 16 })
  keyId!: string;

  @Column({ type: 'varchar', length: 64 })
  signature!: string;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Relation<Tenant>;
}
