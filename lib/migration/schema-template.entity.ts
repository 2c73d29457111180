import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * What becomes of a template. A `candidate` was dumped from one migrated tenant; `confirmed`, a second one turned out the
 * same; `refused`, migrations have to run in each tenant.
 */
export type TemplateState = 'candidate' | 'confirmed' | 'refused';

/** What makes an empty database on one server what all migrations of one version of the code would. */
@Entity('tenancy_templates', { synchronize: false })
export class SchemaTemplate {
  /** The name of a server of `tenants.servers`. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  server!: string;

  /** Of the migrations, as `TenantSchema` has it. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  fingerprint!: string;

  /** The server's version, and what else decides what comes of it. Where that is another now, it is made anew. */
  @Column({ type: 'varchar', length: 255 })
  circumstances!: string;

  @Column({ type: 'varchar', length: 16 })
  state!: TemplateState;

  /** The tenant that the dump is of. */
  @Column({ name: 'made_from', type: 'varchar', length: 36 })
  madeFrom!: string;

  /** Statements. */
  @Column({ type: 'simple-json' })
  dump!: readonly string[];

  /** Why it is refused. */
  @Column({ type: 'text', nullable: true })
  refusal!: string | null;

  @Column({ name: 'made_at', type: 'datetime' })
  madeAt!: Date;
}
