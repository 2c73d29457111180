import {
  Column,
  CreateDateColumn,
  Entity,
  OneToMany,
  OneToOne,
  PrimaryColumn,
  UpdateDateColumn,
  type Relation,
} from 'typeorm';
import type {
  ConnectionShare,
  CurrentTenant,
  Placement,
  TenantSettings,
  TenantStatus,
} from '../context/current-tenant.js';
import type { Account } from '../options/account.js';
import { Domain } from './domain.entity.js';
import { TenantCredentials } from './tenant-credentials.entity.js';
import { TenantSchema } from './tenant-schema.entity.js';

/** How far the work on a tenant's database has got. Recorded before and after every step, so that `repair` can go on. */
export type ProvisioningStep =
  /** The row and its domains are there, the database is not. */
  | 'reserved'
  /** The database is about to be created: it may or may not be there. */
  | 'creating'
  | 'created'
  | 'migrated'
  /** It has an account of its own. Left out where tenants share the server's. */
  | 'accredited'
  | 'seeded'
  /** Nothing left to do. */
  | 'done'
  /** The database of a deleted tenant is about to be dropped: it may or may not be there. */
  | 'dropping'
  | 'dropped';

/** Whether this package made a tenant's database, and so may drop it. */
export type DatabaseOrigin = 'created' | 'adopted';

export class TenantPlacement implements Placement {
  @Column({ type: 'varchar', length: 64 })
  server!: string;

  @Column({ name: 'database_name', type: 'varchar', length: 64 })
  database!: string;

  /** In tenants that `TenantService` gives; not a column. */
  declare readonly account?: Account;

  /** As `account`. */
  declare readonly share?: ConnectionShare;
}

/**
 * A tenant, as the central database has it. Change it through `TenantService`. Its table is made by this package's
 * migrations alone: what TypeORM generates for an app must leave it as it is.
 */
@Entity('tenancy_tenants', { synchronize: false })
export class Tenant implements CurrentTenant {
  /** UUID. Never changes; files and keys outside of SQL go by it. */
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  /** A DNS label, unique: `acme` is served at `acme.<base>`. */
  @Column({ type: 'varchar', length: 63, unique: true })
  slug!: string;

  @Column({ type: 'varchar', length: 255 })
  name!: string;

  @Column({ type: 'varchar', length: 16 })
  status!: TenantStatus;

  /** Where its data lives. No two tenants share a database. */
  @Column(() => TenantPlacement, { prefix: '' })
  placement!: TenantPlacement;

  @Column({ name: 'database_origin', type: 'varchar', length: 16 })
  databaseOrigin!: DatabaseOrigin;

  @Column({ type: 'varchar', length: 16 })
  step!: ProvisioningStep;

  /** Why the last attempt to create it failed, without secrets. */
  @Column({ type: 'text', nullable: true })
  failure!: string | null;

  @Column({ type: 'simple-json' })
  settings!: TenantSettings;

  /** Raised whenever the tenant's data is replaced as a whole. */
  @Column({ type: 'int' })
  generation!: number;

  @CreateDateColumn({ name: 'created_at' })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at' })
  updatedAt!: Date;

  /** When it was deleted. The row stays, so that its slug, hosts and data are not given to somebody else by accident. */
  @Column({ name: 'deleted_at', type: 'datetime', nullable: true })
  deletedAt!: Date | null;

  @OneToMany(() => Domain, (domain) => domain.tenant)
  domains!: Domain[];

  /** In what the app's own repository loads with this relation. */
  @OneToOne(() => TenantCredentials, (credentials) => credentials.tenant)
  credentials?: Relation<TenantCredentials> | null;

  /** As `credentials`. */
  @OneToOne(() => TenantSchema, (state) => state.tenant)
  schemaState?: Relation<TenantSchema> | null;
}
