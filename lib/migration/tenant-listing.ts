import { Inject, Injectable } from '@nestjs/common';
import { Brackets, DataSource, In, Not } from 'typeorm';
import type { Placement, TenantStatus } from '../context/current-tenant.js';
import { TenantNotFoundError } from '../context/errors.js';
import { Tenant } from '../tenant/tenant.entity.js';
import { CENTRAL_DATA_SOURCE } from '../tenant/tokens.js';
import type { TenantSelection } from './migration-options.js';

/** A tenant as a run needs it: a tenth of what the row of one weighs. */
export interface ListedTenant {
  readonly id: string;
  readonly slug: string;
  readonly placement: Placement;
  /** Undefined: nobody has looked into its database yet. */
  readonly fingerprint?: string;
  readonly isHalfWay: boolean;
  /** Kept ready for a tenant to come: it may be replaced before its turn comes. */
  readonly isPending: boolean;
  readonly version: string | null;
  readonly failure: string | null;
  readonly milliseconds: number | null;
  readonly migratedAt: Date | null;
}

/** Those whose databases are there, besides those that are kept ready. What is being created is migrated by its creation. */
const WITH_DATABASE: TenantStatus[] = ['active', 'suspended', 'blocked'];

const COLUMNS = {
  slug: 'tenant.slug',
  name: 'tenant.name',
  createdAt: 'tenant.createdAt',
  updatedAt: 'tenant.updatedAt',
  server: 'tenant.placement.server',
} as const;

/** The tenants of a run, with what is known of their schemas: one statement for all. */
@Injectable()
export class TenantListing {
  constructor(@Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource) {}

  /** @throws TenantNotFoundError when one of `only` or `except` is not there, or not to be migrated */
  async list({
    only,
    except = [],
    order = 'slug',
    descending = false,
  }: TenantSelection): Promise<readonly ListedTenant[]> {
    const direction = descending ? 'DESC' : 'ASC';
    const rows = await this.central
      .getRepository(Tenant)
      .createQueryBuilder('tenant')
      .leftJoin('tenant.schemaState', 'state')
      .select('tenant.id', 'id')
      .addSelect('tenant.slug', 'slug')
      .addSelect('tenant.placement.server', 'server')
      .addSelect('tenant.placement.database', 'name')
      .addSelect('state.fingerprint', 'fingerprint')
      .addSelect('state.version', 'version')
      .addSelect('state.failure', 'failure')
      .addSelect('state.milliseconds', 'milliseconds')
      .addSelect('state.migratedAt', 'migrated')
      .addSelect('CASE WHEN state.halfWay IS NULL THEN 0 ELSE 1 END', 'half')
      .addSelect('tenant.status', 'status')
      .where(
        new Brackets((where) =>
          where
            .where({ status: In(WITH_DATABASE) })
            .orWhere({ status: 'pending', step: In(['migrated', 'accredited']) }),
        ),
      )
      .orderBy(COLUMNS[order], direction)
      .addOrderBy('tenant.id', direction)
      .getRawMany<Row>();
    const tenants = rows.map(listed);
    verifyNames(tenants, [...(only ?? []), ...except]);
    const excepted = new Set(except);
    const wanted = only && new Set(only);
    return tenants.filter(
      ({ id, slug }) =>
        (wanted === undefined || wanted.has(slug) || wanted.has(id)) &&
        !excepted.has(slug) &&
        !excepted.has(id),
    );
  }

  /** Whether it is to be migrated still. */
  async has({ id }: ListedTenant): Promise<boolean> {
    return this.central
      .getRepository(Tenant)
      .existsBy({ id, step: Not(In(['dropping', 'dropped'])) });
  }
}

interface Row {
  readonly id: string;
  readonly slug: string;
  readonly server: string;
  readonly name: string;
  readonly fingerprint: string | null;
  readonly version: string | null;
  readonly failure: string | null;
  readonly milliseconds: number | null;
  readonly migrated: Date | string | null;
  readonly half: number | string;
  readonly status: TenantStatus;
}

function listed({ server, name, fingerprint, half, migrated, ...rest }: Row): ListedTenant {
  return {
    id: rest.id,
    slug: rest.slug,
    version: rest.version,
    failure: rest.failure,
    milliseconds: rest.milliseconds,
    placement: { server, database: name },
    ...(fingerprint !== null && { fingerprint }),
    isHalfWay: Number(half) === 1,
    isPending: rest.status === 'pending',
    migratedAt: migrated === null ? null : dateOf(migrated),
  };
}

/** SQLite keeps dates as text, in UTC and without saying so. */
function dateOf(value: Date | string): Date {
  return value instanceof Date ? value : new Date(`${value.replace(' ', 'T')}Z`);
}

function verifyNames(tenants: readonly ListedTenant[], names: readonly string[]): void {
  if (names.length === 0) return;
  const known = new Set(tenants.flatMap(({ id, slug }) => [id, slug]));
  for (const name of names) if (!known.has(name)) throw new TenantNotFoundError(name);
}
