import { Column, CreateDateColumn, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Tenant } from './tenant.entity.js';

/** A host name that leads to a tenant. */
@Entity('tenancy_domains', { synchronize: false })
export class Domain {
  /** Lower case, punycode, without port. Unique over all tenants. */
  @PrimaryColumn({ type: 'varchar', length: 253 })
  host!: string;

  @Column({ name: 'tenant_id', type: 'varchar', length: 36 })
  tenantId!: string;

  /** The tenant's id on its primary domain, null on the others: unique, so that the database allows one primary each. */
  @Column({ name: 'primary_of', type: 'varchar', length: 36, nullable: true, unique: true })
  primaryOf!: string | null;

  @CreateDateColumn({ name: 'created_at' })
  createdAt!: Date;

  @ManyToOne(() => Tenant, (tenant) => tenant.domains, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'tenant_id' })
  tenant!: Relation<Tenant>;

  /** The one that links to the tenant are made with. */
  get isPrimary(): boolean {
    return this.primaryOf !== null;
  }
}
