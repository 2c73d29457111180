import { TypeOrmModule, getDataSourceToken } from '@nestjs/typeorm';
import {
  Column,
  DeleteDateColumn,
  Entity,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
  type DataSource,
  type Relation,
} from 'typeorm';
import { Encrypted, TenantEncryptionModule } from '../../lib/encryption/index.js';
import {
  Audited,
  CENTRAL,
  CreateAuditOutbox,
  type AuditEntry,
  type AuditOptions,
} from '../../lib/index.js';
import type { EngineSetup } from '../support/engines.js';
import { MASTER_KEY } from '../encryption/messages-app.js';
import { startAuditApp, type AuditApp } from './audit-app.js';

export class Address {
  @Column('varchar', { length: 50, nullable: true })
  street?: string;

  @Column('varchar', { length: 50, nullable: true })
  doorPin?: string;
}

@Audited({ redact: ['remark'], except: ['views'] })
@Entity('invoices')
export class Invoice {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('varchar', { length: 100 })
  title!: string;

  @Column('int', { default: 0 })
  total!: number;

  @Column('int', { default: 0 })
  views!: number;

  @Column('varchar', { length: 100, nullable: true })
  remark?: string | null;

  @Column('varchar', { length: 100, nullable: true })
  paymentToken?: string | null;

  /** Under a harmless name in the code. */
  @Column('varchar', { length: 100, nullable: true, name: 'password_of_portal' })
  portal?: string | null;

  @Column('varchar', { length: 100, nullable: true, select: false })
  internal?: string | null;

  @Encrypted({ nullable: true })
  account?: string | null;

  @Column('simple-json', { nullable: true })
  extra?: unknown;

  @Column(() => Address)
  address!: Address;

  @DeleteDateColumn()
  deletedAt?: Date | null;

  @OneToMany(() => Line, (line) => line.invoice, { cascade: true })
  lines!: Relation<Line[]>;
}

@Audited()
@Entity('invoice_lines')
export class Line {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('varchar', { length: 100 })
  text!: string;

  @ManyToOne(() => Invoice, (invoice) => invoice.lines, { onDelete: 'CASCADE' })
  invoice!: Relation<Invoice>;
}

/** One of a table of settings: its name tells what its value is. */
@Audited()
@Entity('app_settings')
export class Setting {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('varchar', { length: 100 })
  name!: string;

  @Column('varchar', { length: 100 })
  value!: string;
}

@Entity('jottings')
export class Jotting {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('varchar', { length: 100 })
  text!: string;
}

@Audited()
@Entity('plans')
export class Plan {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('varchar', { length: 100 })
  name!: string;
}

export interface AuditedApp extends AuditApp {
  readonly dataSource: DataSource;
  /** Of a tenant's chain, oldest first, without those that this package makes by itself. */
  entries(slug: string): Promise<readonly AuditEntry[]>;
  /** What waits in a tenant's outbox, as it is. */
  outbox(slug: string): Promise<readonly Record<string, unknown>[]>;
}

export async function startAuditedApp(
  setup: EngineSetup,
  audit: AuditOptions = {},
): Promise<AuditedApp> {
  const app = await startAuditApp(setup, audit, {
    options: {
      central: { migrations: [CreateAuditOutbox], acquireTimeout: 20_000 },
      tenants: {
        servers: { main: { url: setup.serverUrl, acquireTimeout: 20_000 } },
        databasePrefix: setup.databasePrefix,
        migrations: [CreateAuditOutbox],
        seed: (_tenant, dataSource) => dataSource.synchronize(),
      },
    },
    imports: [
      TypeOrmModule.forFeature([Invoice, Line, Setting, Jotting]),
      TypeOrmModule.forFeature([Plan], CENTRAL),
      TenantEncryptionModule.forRoot({ masterKeys: [MASTER_KEY] }),
    ],
  });
  const dataSource = app.context.get<DataSource>(getDataSourceToken());
  const entries = () => app.audit.query({ action: 'entity.*', order: 'oldest', limit: 1_000 });
  return {
    ...app,
    dataSource,
    entries: (slug) => app.tenancy.run(slug, async () => (await entries()).entries),
    outbox: (slug) =>
      app.tenancy.run(slug, () => dataSource.query('SELECT * FROM tenancy_audit_outbox')),
  };
}
