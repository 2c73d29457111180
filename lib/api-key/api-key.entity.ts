import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Tenant } from '../tenant/tenant.entity.js';

/** An API key without its secret. Times are in milliseconds since the epoch. Change it through `ApiKeyService`. */
@Entity('tenancy_api_keys', { synchronize: false })
export class ApiKeyRow {
  /** The part of the key that is no secret. */
  @PrimaryColumn({ type: 'varchar', length: 16 })
  id!: string;

  /** Null for a central key. */
  @Column({ name: 'tenant_id', type: 'varchar', length: 36, nullable: true })
  tenantId!: string | null;

  @Column({ type: 'varchar', length: 100 })
  name!: string;

  /** What the key begins with, for people to know it by. */
  @Column({ type: 'varchar', length: 64 })
  prefix!: string;

  /** SHA-256 of the whole key, in hexadecimal digits. */
  @Column({ type: 'varchar', length: 64 })
  hash!: string;

  @Column({ type: 'simple-json' })
  scopes!: readonly string[];

  @Column({ name: 'requests_per_minute', type: 'int', nullable: true })
  requestsPerMinute!: number | null;

  @Column({ name: 'created_at', type: 'bigint' })
  createdAt!: number | string;

  @Column({ name: 'expires_at', type: 'bigint', nullable: true })
  expiresAt!: number | string | null;

  @Column({ name: 'revoked_at', type: 'bigint', nullable: true })
  revokedAt!: number | string | null;

  /** The id of the key that took its place. */
  @Column({ name: 'replaced_by', type: 'varchar', length: 16, nullable: true })
  replacedBy!: string | null;

  @Column({ name: 'last_used_at', type: 'bigint', nullable: true })
  lastUsedAt!: number | string | null;

  @ManyToOne(() => Tenant, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant?: Relation<Tenant> | null;
}
