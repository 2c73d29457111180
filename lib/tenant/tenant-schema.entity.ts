import { Column, Entity, JoinColumn, OneToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Tenant } from './tenant.entity.js';

/** A migration that a tenant's database has. */
export interface AppliedMigration {
  readonly name: string;
  /** Of its source as it was when it was applied; of what was applied past this package, when that was first seen. */
  readonly checksum: string;
  /** How long it took, where that is known. */
  readonly milliseconds?: number;
}

/** What is known of a migration, or of its way back, that did not come to its end. */
export interface HalfWay {
  readonly migration: string;
  readonly direction: 'up' | 'down';
  /** Its statements that are in force, in their order. */
  readonly done: readonly Statement[];
  /** The statement, or those of one transaction, that may or may not be in force: the process died meanwhile. */
  readonly begun: readonly Statement[];
}

export interface Statement {
  /** Its beginning, for whoever looks into it. Values are not part of it. */
  readonly sql: string;
  /** Of all of it, values included. */
  readonly hash: string;
}

/** What is known in the central database of the schema of a tenant's own. A tenant without a row: nothing yet. */
@Entity('tenancy_schemas', { synchronize: false })
export class TenantSchema {
  @PrimaryColumn({ name: 'tenant_id', type: 'varchar', length: 36 })
  tenantId!: string;

  /** Of names and checksums of all that was applied: the same for two tenants with the same schema. */
  @Column({ type: 'varchar', length: 64 })
  fingerprint!: string;

  /** The last migration that it has, in the order of their timestamps. */
  @Column({ type: 'varchar', length: 255, nullable: true })
  version!: string | null;

  @Column({ type: 'simple-json', select: false })
  applied!: readonly AppliedMigration[];

  @Column({ name: 'half_way', type: 'simple-json', nullable: true, select: false })
  halfWay!: HalfWay | null;

  /** Why the last attempt to migrate it failed, without secrets. */
  @Column({ type: 'text', nullable: true })
  failure!: string | null;

  /** How long the last migration, or the last way back, took as a whole. */
  @Column({ type: 'int', nullable: true })
  milliseconds!: number | null;

  @Column({ name: 'migrated_at', type: 'datetime', nullable: true })
  migratedAt!: Date | null;

  @OneToOne(() => Tenant, (tenant) => tenant.schemaState, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant!: Relation<Tenant>;
}
