import { Injectable } from '@nestjs/common';
import type { TenantStatus } from '../../context/current-tenant.js';
import { TenantMigrator } from '../../migration/tenant-migrator.js';
import { TenantTransitionError } from '../../tenant/errors.js';
import type { Tenant } from '../../tenant/tenant.entity.js';
import { cursorAfter, lastOf } from '../cursor.js';
import { MigrationLeftHalfWayError } from '../errors.js';
import type { AdminOperation } from '../operations/admin-operation.entity.js';
import { AdminOperations } from '../operations/admin-operations.js';
import {
  viewOfMigrations,
  type ListMigrationsInput,
  type MigrationsView,
  type RunMigrationsInput,
  type TenantMigrationsView,
} from './migration-views.js';

/** Those whose databases are there. */
const WITH_DATABASE: readonly TenantStatus[] = ['active', 'suspended', 'blocked'];

/** The migrations of tenants, as they are, and run for one of them. */
@Injectable()
export class AdminMigrations {
  constructor(
    private readonly migrator: TenantMigrator,
    private readonly operations: AdminOperations,
  ) {}

  /** A page of all; what is known of all is read with one statement. */
  async list({ limit = 200, cursor }: ListMigrationsInput): Promise<MigrationsView> {
    const after = lastOf(cursor);
    const { migrations, centralPending, tenants } = await this.migrator.status();
    const rest = tenants
      .filter(({ slug }) => isNamed(slug) && (after === undefined || slug > after))
      .toSorted((a, b) => (a.slug < b.slug ? -1 : 1));
    const page = rest.slice(0, limit);
    const last = rest.length > limit ? page.at(-1)?.slug : undefined;
    const items = page.map(viewOfMigrations);
    return { migrations, centralPending, items, next: cursorAfter(last) };
  }

  /** @throws TenantTransitionError for a tenant without a database */
  async get(tenant: Tenant): Promise<TenantMigrationsView> {
    requireDatabase(tenant, 'tell the migrations of');
    const { tenants } = await this.migrator.status({ only: [tenant.id] });
    return viewOfMigrations(tenants[0]);
  }

  /**
   * Begins to run what is pending, and is back at once: nobody knows how long a migration takes.
   * @throws TenantTransitionError for a tenant without a database
   */
  async begin(tenant: Tenant, options: RunMigrationsInput): Promise<AdminOperation> {
    requireDatabase(tenant, 'migrate');
    const { id, slug } = tenant;
    return this.operations.begin('migrations.run', id, async () => {
      const { resume, begun, acceptChanged } = options;
      const report = await this.migrator.migrate({ only: [id], resume, begun, acceptChanged });
      const [failed] = report.failed;
      if (failed !== undefined) throw failed.error;
      if (report.halfWay.length > 0) throw new MigrationLeftHalfWayError(slug);
      const { central, migrated, milliseconds } = report;
      return { central, migrated: migrated > 0, milliseconds };
    });
  }
}

/** What is kept ready for tenants to come has no slug that one could have. */
function isNamed(slug: string): boolean {
  return !slug.startsWith('~');
}

function requireDatabase({ slug, status }: Tenant, what: string): void {
  if (WITH_DATABASE.includes(status)) return;
  throw new TenantTransitionError(slug, status, what, WITH_DATABASE);
}
