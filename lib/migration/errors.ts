import { HttpStatus } from '@nestjs/common';
import { TenancyError } from '../tenancy.error.js';
import { describe } from '../tenant/errors.js';
import type { HalfWay } from '../tenant/tenant-schema.entity.js';

/** Work was begun for a tenant whose database lacks migrations that the code has. */
export class TenantMigrationPendingError extends TenancyError {
  constructor(slug: string, pending: readonly string[], cause?: unknown) {
    const lacks = pending.length > 0 ? `lacks ${named(pending)}` : 'cannot be told what it lacks';
    super({
      code: 'TENANT_MIGRATION_PENDING',
      status: HttpStatus.SERVICE_UNAVAILABLE,
      retryAfter: 5,
      message:
        `Tenant "${slug}" is not served: its database ${lacks}` +
        `${cause === undefined ? '' : ` (${describe(cause)})`}. Run npx tenancy migrate or TenantMigrator.migrate(), ` +
        "or set tenants.onPendingMigrations to 'migrate' or 'serve'.",
      cause,
    });
  }
}

/** A migration of the central database failed: no tenant was migrated. */
export class CentralMigrationError extends TenancyError {
  constructor(cause: unknown) {
    super({
      code: 'CENTRAL_MIGRATION_FAILED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message: `The central database could not be migrated, so no tenant was: ${describe(cause)}.`,
      cause,
    });
  }
}

/** A migration of a tenant, or its way back, failed. */
export class TenantMigrationError extends TenancyError {
  constructor(
    readonly slug: string,
    readonly migration: string,
    halfWay: HalfWay | null,
    cause: unknown,
  ) {
    super({
      code: 'TENANT_MIGRATION_FAILED',
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      message:
        `Migration ${migration} of tenant "${slug}" failed: ${describe(cause)}. ` +
        (halfWay === null
          ? 'Nothing of it is in force.'
          : `It is half-way: ${known(halfWay)}. Correct what failed, then go on with TenantService.repair() or migrate({ resume: true }).`),
      cause,
    });
  }
}

/** A migration of a tenant did not come to its end, and nobody said to go on with it. */
export class TenantHalfWayError extends TenancyError {
  constructor(
    readonly slug: string,
    { migration, ...halfWay }: HalfWay,
  ) {
    super({
      code: 'TENANT_MIGRATION_HALF_WAY',
      status: HttpStatus.CONFLICT,
      message:
        `Migration ${migration} of tenant "${slug}" is half-way ${halfWay.direction}: ${known(halfWay)}. ` +
        'Go on with it with migrate({ resume: true }); where rows were being written, look whether they are there, and ' +
        "say so: migrate({ only: ['" +
        slug +
        "'], resume: true, begun: 'done' }), or 'undone'.",
    });
  }
}

/** What was applied to a tenant is not what the code has: nothing can be rolled back by code that never ran. */
export class MigrationDriftError extends TenancyError {
  constructor(slug: string, changed: readonly string[], unknown: readonly string[]) {
    const parts = [
      ...(changed.length > 0 ? [`the source of ${named(changed)} has changed since`] : []),
      ...(unknown.length > 0 ? [`the code does not know ${named(unknown)}`] : []),
    ];
    super({
      code: 'TENANT_MIGRATION_DRIFT',
      status: HttpStatus.CONFLICT,
      message:
        `Tenant "${slug}" is not rolled back: ${parts.join(', and ')}. Roll back with the code that it was migrated by; ` +
        'or, where a changed source does the same, accept it with migrate({ acceptChanged: true }).',
    });
  }
}

/** The options of a run over many tenants are not what they can be. */
export class MigrationOptionsError extends TenancyError {
  constructor(option: string, problem: string) {
    super({
      code: 'MIGRATION_OPTIONS_INVALID',
      status: HttpStatus.BAD_REQUEST,
      message: `The option "${option}" ${problem}.`,
    });
  }
}

function known({ done, begun }: Pick<HalfWay, 'done' | 'begun'>): string {
  const last = done.at(-1);
  const inForce =
    last === undefined
      ? 'nothing is in force'
      : `${done.length} statement(s) in force, the last: ${last.sql}`;
  if (begun.length === 0) return `${inForce}; in doubt: what follows`;
  return `${inForce}; in doubt: ${begun.map(({ sql }) => sql).join('; ')}, and what follows`;
}

function named(migrations: readonly string[]): string {
  const first = migrations.slice(0, 5).join(', ');
  return migrations.length > 5 ? `${first} and ${migrations.length - 5} more` : first;
}
