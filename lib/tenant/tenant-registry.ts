import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { DataSource, In, MoreThan, Not, type FindOptionsWhere, type Repository } from 'typeorm';
import type { CurrentTenant, Placement } from '../context/current-tenant.js';
import { TenantNotFoundError } from '../context/errors.js';
import type { TenantDirectory } from '../context/tenancy.js';
import { ConnectionPoolManager } from '../database/connection-pool-manager.js';
import type { Account } from '../options/account.js';
import type { TenantKey } from '../options/identifier.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { Signals } from '../redis/signals.js';
import { CurrentTenants } from './current-tenants.js';
import { isTenantId } from './tenant-id.js';
import { NO_TENANTS } from './tenant-status.js';
import { Tenant } from './tenant.entity.js';
import { CENTRAL_DATA_SOURCE } from './tokens.js';

/** Tenants that {@link TenantRegistry.all} reads at a time. */
const PAGE = 500;

/** The topic of {@link Signals} on which {@link TenantChange}s are told, once they are committed. */
export const TENANT_CHANGES = 'tenants';

/** A tenant or a domain was written, by whichever process; without an id it may have been any. */
export interface TenantChange {
  readonly tenantId?: string;
  readonly host?: string;
}

/**
 * Which tenant a key leads to: from memory, else from the central database with one query, however many ask at once.
 * A deleted tenant is not found. Every write of a tenant or domain in this process is seen by the next lookup; one of
 * another process within milliseconds where they share a Redis, and after `registry.ttl` at the latest.
 */
@Injectable()
export class TenantRegistry implements TenantDirectory {
  private readonly tenants: LRUCache<string, CurrentTenant>;
  private readonly ids: LRUCache<string, string>;
  private readonly unknown: LRUCache<string, true>;
  private readonly loading = new Map<string, Promise<CurrentTenant | null>>();
  /** Raised by every write: what was read before it is handed out, but not remembered. */
  private writes = 0;

  constructor(
    @Inject(CENTRAL_DATA_SOURCE) private readonly central: DataSource,
    private readonly currentTenants: CurrentTenants,
    pools: ConnectionPoolManager,
    @Inject(TENANCY_OPTIONS) { registry }: ResolvedTenancyOptions,
    private readonly signals: Signals,
  ) {
    signals.on(TENANT_CHANGES, {
      receive: (change) => this.forget(change as TenantChange),
      missed: () => this.forget({}),
    });
    pools.accounts.readFrom((placement) => this.accountAt(placement));
    const { maxTenants, ttl, maxUnknown, unknownTtl } = registry;
    // The clock is read once a second at most, not at every lookup.
    this.tenants = new LRUCache({ max: maxTenants, ttl, ttlResolution: Math.min(ttl, 1_000) });
    // As short-lived as the tenants: a tenant that is kept fresh by one key must not keep another that it lost.
    this.ids = new LRUCache({ max: maxTenants, ttl });
    this.unknown = new LRUCache({ max: maxUnknown, ttl: unknownTtl });
  }

  /** The tenant that `key` leads to, or null: at once when it is known, else as a promise. */
  lookup(key: TenantKey): CurrentTenant | null | Promise<CurrentTenant | null> {
    const name = `${key.kind}:${key.value}`;
    const id = key.kind === 'id' ? key.value : this.ids.get(name);
    const known = id === undefined ? undefined : this.tenants.get(id);
    if (known !== undefined && (key.kind !== 'slug' || known.slug === key.value)) return known;
    if (this.unknown.get(name)) return null;
    return this.loading.get(name) ?? this.load(name, key);
  }

  async byReference(idOrSlug: string): Promise<CurrentTenant> {
    const kind = isTenantId(idOrSlug) ? 'id' : 'slug';
    const tenant = await this.lookup({ kind, value: idOrSlug });
    if (tenant === null) throw new TenantNotFoundError(idOrSlug);
    return tenant;
  }

  async *all(): AsyncIterable<CurrentTenant> {
    let after = '';
    for (;;) {
      const page = await this.rows
        .createQueryBuilder('tenant')
        .setFindOptions({
          where: { id: MoreThan(after), status: Not(In([...NO_TENANTS])) },
          relations: this.currentTenants.relations,
          order: { id: 'ASC' },
        })
        // Not `take`, which takes two statements when it joins; there is one row for each tenant.
        .limit(PAGE)
        .getMany();
      for (const row of page) yield this.currentTenants.of(await this.currentTenants.complete(row));
      if (page.length < PAGE) return;
      after = page[page.length - 1].id;
    }
  }

  /** The tenant whose data is at `placement`, deleted or not; asked of the central database. */
  async atPlacement({ server, database }: Placement): Promise<CurrentTenant | null> {
    return this.readWhere({ placement: { server, database } });
  }

  /** Who a placement is reached as by now: read anew, for whoever was refused as the one that it was given with. */
  async accountAt(placement: Placement): Promise<Account | undefined> {
    const tenant = await this.atPlacement(placement);
    if (tenant !== null) this.forget({ tenantId: tenant.id });
    return tenant?.placement.account;
  }

  /**
   * Forgets, in every process, what was known of a tenant, of a host that may have led to it, and of all that led
   * nowhere. Without a tenant: everything. To be called after a write that is committed.
   */
  invalidate(tenantId?: string, host?: string): void {
    // Heard here before it returns. The others hear it by themselves: nobody has to wait for Redis.
    void this.signals.publish(TENANT_CHANGES, { tenantId, host } satisfies TenantChange);
  }

  /** As {@link invalidate}, in this process alone: for a write that others cannot see yet. */
  forget({ tenantId, host }: TenantChange): void {
    this.writes += 1;
    empty(this.unknown);
    // Whoever asks from now on must not be given what was read before.
    this.loading.clear();
    if (tenantId === undefined) {
      empty(this.tenants);
      empty(this.ids);
      return;
    }
    this.tenants.delete(tenantId);
    if (host !== undefined) this.ids.delete(`domain:${host}`);
  }

  private load(name: string, key: TenantKey): Promise<CurrentTenant | null> {
    const loading = this.read(name, key).finally(() => {
      if (this.loading.get(name) === loading) this.loading.delete(name);
    });
    this.loading.set(name, loading);
    return loading;
  }

  private async read(name: string, key: TenantKey): Promise<CurrentTenant | null> {
    const { writes } = this;
    const where =
      key.kind === 'domain' ? { domains: { host: key.value } } : { [key.kind]: key.value };
    const tenant = await this.readWhere({ ...where, status: Not(In([...NO_TENANTS])) });
    if (writes !== this.writes) return tenant;
    if (tenant === null) {
      this.unknown.set(name, true);
      return null;
    }
    this.tenants.set(tenant.id, tenant);
    if (key.kind !== 'id') this.ids.set(name, tenant.id);
    return tenant;
  }

  private async readWhere(where: FindOptionsWhere<Tenant>): Promise<CurrentTenant | null> {
    const { relations } = this.currentTenants;
    // Not `findOne`, which takes two statements when it joins; every key is unique.
    const [row] = await this.rows.find({ where, relations });
    if (row === undefined) return null;
    return this.currentTenants.of(await this.currentTenants.complete(row));
  }

  private get rows(): Repository<Tenant> {
    return this.central.getRepository(Tenant);
  }
}

/** One that is empty already takes 3 ms, too: the places of all entries that it could have are wiped. */
function empty(cache: Pick<LRUCache<string, string>, 'size' | 'clear'>): void {
  if (cache.size > 0) cache.clear();
}
