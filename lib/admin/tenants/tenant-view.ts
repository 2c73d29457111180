import { ApiProperty } from '@nestjs/swagger';
import type { TenantSettings, TenantStatus } from '../../context/current-tenant.js';
import type { DatabaseOrigin, ProvisioningStep, Tenant } from '../../tenant/tenant.entity.js';

/** What a tenant can be in, as the admin API has it: what is kept ready for tenants to come is none. */
export const STATUSES = [
  'provisioning',
  'active',
  'suspended',
  'blocked',
  'failed',
  'deleted',
] as const satisfies readonly TenantStatus[];

const STEPS = [
  'reserved',
  'creating',
  'created',
  'migrated',
  'accredited',
  'seeded',
  'done',
  'dropping',
  'dropped',
] as const satisfies readonly ProvisioningStep[];

/** A host that leads to a tenant. */
export class DomainView {
  @ApiProperty({ example: 'app.acme.com' })
  readonly host!: string;

  @ApiProperty({ description: 'Whether links to the tenant are made with it.' })
  readonly primary!: boolean;

  @ApiProperty({ format: 'date-time' })
  readonly createdAt!: string;
}

/** A tenant, without who logs in to its database. */
export class TenantView {
  @ApiProperty({ format: 'uuid' })
  readonly id!: string;

  @ApiProperty({ example: 'acme' })
  readonly slug!: string;

  @ApiProperty()
  readonly name!: string;

  @ApiProperty({ enum: STATUSES })
  readonly status!: TenantStatus;

  @ApiProperty({ description: 'The name of the server that its database is on.' })
  readonly server!: string;

  @ApiProperty()
  readonly database!: string;

  @ApiProperty({ enum: ['created', 'adopted'] })
  readonly databaseOrigin!: DatabaseOrigin;

  @ApiProperty({ enum: STEPS, description: 'How far the work on its database has got.' })
  readonly step!: ProvisioningStep;

  @ApiProperty({ type: String, nullable: true, description: 'Why its creation failed last.' })
  readonly failure!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true })
  readonly settings!: TenantSettings;

  @ApiProperty({ type: 'integer' })
  readonly generation!: number;

  @ApiProperty({ type: [DomainView] })
  readonly domains!: readonly DomainView[];

  @ApiProperty({ format: 'date-time' })
  readonly createdAt!: string;

  @ApiProperty({ format: 'date-time' })
  readonly updatedAt!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  readonly deletedAt!: string | null;
}

/** A page of tenants. */
export class TenantsView {
  @ApiProperty({ type: [TenantView], description: 'In the order of their slugs.' })
  readonly items!: readonly TenantView[];

  @ApiProperty({ required: false, description: 'The cursor of the next page; none on the last.' })
  readonly next?: string;
}

/** What a repair has made of a tenant. */
export class RepairedView {
  @ApiProperty({
    type: TenantView,
    nullable: true,
    description: 'Null when its creation was undone.',
  })
  readonly tenant!: TenantView | null;
}

export function viewOfTenant(tenant: Tenant): TenantView {
  const { placement, domains, createdAt, updatedAt, deletedAt } = tenant;
  return {
    id: tenant.id,
    slug: tenant.slug,
    name: tenant.name,
    status: tenant.status,
    server: placement.server,
    database: placement.database,
    databaseOrigin: tenant.databaseOrigin,
    step: tenant.step,
    failure: tenant.failure,
    settings: tenant.settings,
    generation: tenant.generation,
    domains: domains.map((domain) => ({
      host: domain.host,
      primary: domain.isPrimary,
      createdAt: domain.createdAt.toISOString(),
    })),
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
    deletedAt: deletedAt?.toISOString() ?? null,
  };
}
