import { Column, Entity, PrimaryColumn } from 'typeorm';

export type OperationState = 'running' | 'succeeded' | 'failed';

/** Something that the admin API has begun, so that any process can say what came of it. Rows are kept for a day. */
@Entity('tenancy_admin_operations', { synchronize: false })
export class AdminOperation {
  /** Random; or a hash of who asked and the idempotency key, so that there is one of it. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id!: string;

  @Column({ type: 'varchar', length: 64 })
  action!: string;

  /** Known before anything of a new tenant is there. */
  @Column({ name: 'tenant_id', type: 'varchar', length: 36, nullable: true })
  tenantId!: string | null;

  /** Of what was asked for. */
  @Column({ type: 'varchar', length: 64, nullable: true })
  fingerprint!: string | null;

  @Column({ type: 'varchar', length: 16 })
  state!: OperationState;

  /** Who is at it: another for each attempt. */
  @Column({ type: 'varchar', length: 36 })
  holder!: string;

  /** Milliseconds since 1970, as all times here: until then nobody else takes it over. Put off while its holder lives. */
  @Column({ name: 'held_until', type: 'bigint' })
  heldUntil!: number | string;

  /** JSON: what was answered, or the problem. */
  @Column({ type: 'text', nullable: true })
  answer!: string | null;

  @Column({ name: 'began_at', type: 'bigint' })
  beganAt!: number | string;

  @Column({ name: 'ended_at', type: 'bigint', nullable: true })
  endedAt!: number | string | null;

  /** When it is forgotten. */
  @Column({ name: 'expires_at', type: 'bigint' })
  expiresAt!: number | string;
}
