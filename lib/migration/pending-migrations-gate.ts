import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { CurrentTenant } from '../context/current-tenant.js';
import type { TenantGate } from '../context/tenancy.js';
import { runDetached } from '../context/tenant-context.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { TenantRegistry } from '../tenant/tenant-registry.js';
import type { TenantSchema } from '../tenant/tenant-schema.entity.js';
import { TenantMigrationPendingError } from './errors.js';
import { KnownMigrations } from './known-migrations.js';
import { OneTenantMigrator } from './one-tenant-migrator.js';
import { SchemaStore } from './schema-store.js';

/** Schemas of other versions of the app that lack nothing of this one; and tenants that were just refused. */
const REMEMBERED = 10_000;
/** Milliseconds until a tenant that was refused is looked at again: another process may have migrated it. */
const LOOK_AGAIN = 1_000;
/** Milliseconds that a first use waits for another process that migrates the tenant. */
const LOCK_TIMEOUT = 10_000;

/**
 * Keeps work away from a tenant whose database lacks migrations that the code has. For a tenant that has them it compares
 * two strings that are in memory. One that has more passes: the code of a moment ago goes on while the new one comes.
 */
@Injectable()
export class PendingMigrationsGate implements TenantGate {
  private readonly onPending: ResolvedTenancyOptions['tenants']['onPendingMigrations'];
  private readonly passing = new LRUCache<string, true>({ max: REMEMBERED });
  private readonly refused = new LRUCache<string, Error>({ max: REMEMBERED, ttl: LOOK_AGAIN });
  private readonly looking = new Map<string, Promise<void>>();

  constructor(
    @Inject(TENANCY_OPTIONS) { tenants }: ResolvedTenancyOptions,
    private readonly known: KnownMigrations,
    private readonly registry: TenantRegistry,
    private readonly store: SchemaStore,
    private readonly migrator: OneTenantMigrator,
  ) {
    this.onPending = tenants.onPendingMigrations;
  }

  admit(tenant: CurrentTenant): Promise<void> | undefined {
    return this.onPending === 'serve' || this.passes(tenant.schema)
      ? undefined
      : this.askCentral(tenant);
  }

  private passes(schema: string | undefined): boolean {
    return schema === this.known.fingerprint || (schema !== undefined && this.passing.has(schema));
  }

  private async askCentral(tenant: CurrentTenant): Promise<void> {
    const { id } = tenant;
    // A row that the app has loaded itself does not say.
    if (tenant.schema === undefined) {
      const current = await this.registry.lookup({ kind: 'id', value: id });
      if (this.passes(current?.schema)) return;
    }
    const refusal = this.refused.get(id);
    if (refusal !== undefined) throw refusal;
    const looking = this.looking.get(id) ?? this.look(tenant);
    await looking;
  }

  /** However many ask at once, one looks. */
  private look(tenant: CurrentTenant): Promise<void> {
    const { id, slug } = tenant;
    const looking = runDetached(`look at the schema of tenant "${slug}"`, () => this.decide(tenant))
      .catch((error: unknown) => {
        if (error instanceof TenantMigrationPendingError) this.refused.set(id, error);
        throw error;
      })
      .finally(() => this.looking.delete(id));
    this.looking.set(id, looking);
    return looking;
  }

  private async decide(tenant: CurrentTenant): Promise<void> {
    const { id, slug, schema } = tenant;
    // One without a record was created before there were any, or written past TenantService.
    const state =
      (await this.store.find(id)) ??
      (await this.migrator.verify(tenant, { lockTimeout: LOCK_TIMEOUT }));
    if (this.mayPass(state)) {
      // What is in memory was read before it was migrated.
      if (schema !== state.fingerprint) this.registry.invalidate(id);
      return;
    }
    const { pending } = this.known.differenceOf(state.applied);
    try {
      if (this.onPending === 'migrate') {
        await this.migrator.migrate(tenant, { lockTimeout: LOCK_TIMEOUT });
        return;
      }
      // Migrated past this package, it would be refused for ever.
      if (this.mayPass(await this.migrator.verify(tenant, { lockTimeout: 0 }))) return;
    } catch (cause) {
      throw new TenantMigrationPendingError(slug, pending, cause);
    }
    throw new TenantMigrationPendingError(slug, pending);
  }

  private mayPass(state: Pick<TenantSchema, 'applied' | 'halfWay' | 'fingerprint'>): boolean {
    const { pending } = this.known.differenceOf(state.applied);
    if (pending.length > 0 || state.halfWay?.direction === 'down') return false;
    this.passing.set(state.fingerprint, true);
    return true;
  }
}
