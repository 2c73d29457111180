import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { AuditChain } from './audit-chain.entity.js';

/** One entry as it is kept. Rows are added, and taken out from the front into an archive; never changed. */
@Entity('tenancy_audit_log', { synchronize: false })
export class AuditRow {
  @PrimaryColumn({ type: 'varchar', length: 36 })
  chain!: string;

  /** 1, 2, 3, … without a gap. */
  @PrimaryColumn({ type: 'bigint' })
  seq!: number | string;

  /** Chosen by who writes, so that what is written again after a lost answer is there once. */
  @Column({ type: 'varchar', length: 36, unique: true })
  id!: string;

  /** Milliseconds since 1970, by the clock of the process that recorded it. */
  @Column({ type: 'bigint' })
  at!: number | string;

  @Column({ type: 'varchar', length: 100 })
  action!: string;

  @Column({ type: 'varchar', length: 16 })
  outcome!: string;

  @Column({ type: 'varchar', length: 191, nullable: true })
  actor!: string | null;

  /** Which tenant it was done to. */
  @Column({ name: 'tenant_id', type: 'varchar', length: 36, nullable: true })
  tenantId!: string | null;

  @Column({ name: 'request_id', type: 'varchar', length: 100, nullable: true })
  requestId!: string | null;

  @Column({ type: 'varchar', length: 64, nullable: true })
  address!: string | null;

  /** JSON, redacted. */
  @Column({ type: 'text', nullable: true })
  details!: string | null;

  /** Which key signed it. */
  @Column({ name: 'key_id', type: 'varchar', length: 16 })
  keyId!: string;

  /** The hash of the row before; that of the first row is all zeros. */
  @Column({ type: 'varchar', length: 64 })
  previous!: string;

  @Column({ type: 'varchar', length: 64 })
  hash!: string;

  @ManyToOne(() => AuditChain, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'chain' })
  ofChain?: Relation<AuditChain>;
}
