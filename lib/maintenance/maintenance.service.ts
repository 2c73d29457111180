import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { requireTenant } from '../context/tenant-context.js';
import type { Visitor } from '../tenant/maintenance-gate.js';
import type { Tenant } from '../tenant/tenant.entity.js';
import { TenantService } from '../tenant/tenant.service.js';
import { createBypassSecret, hashBypassSecret } from './bypass-secret.js';
import { MaintenanceNotices } from './maintenance-notices.js';
import { MaintenanceStore } from './maintenance-store.js';
import { ALL_TENANTS, type MaintenanceSubject } from './maintenance-subject.js';
import {
  checkTerms,
  checkTime,
  type EnableMaintenance,
  type MaintenanceTerms,
  type ScheduleMaintenance,
} from './maintenance-terms.js';
import { MaintenanceWatch } from './maintenance-watch.js';
import { MaintenanceRow } from './maintenance.entity.js';

/** A maintenance that is in force or to come. */
export interface Maintenance {
  readonly id: string;
  /** Undefined for that of all tenants. */
  readonly tenantId?: string;
  readonly slug?: string;
  readonly from: Date;
  /** Undefined until it is disabled. */
  readonly until?: Date;
  readonly inForce: boolean;
  /** Undefined for the default. */
  readonly message?: string;
  /** Seconds, where the end is not known. */
  readonly retryAfter: number;
  readonly allow: readonly string[];
  /** Whether there is a bypass secret. */
  readonly bypass: boolean;
}

/** A maintenance, and the secret to get past it. */
export interface NewMaintenance extends Maintenance {
  /** Given here only: what is kept is its hash. Undefined unless `bypass` was asked for. */
  readonly bypassSecret?: string;
}

/** The id of what is enabled for all tenants. */
const ID_OF_ALL = 'all';

/**
 * Closes tenants for maintenance: their requests are answered 503, their jobs are postponed, and their sockets are
 * closed, but for who is allowed. Code that runs for them otherwise goes on: commands, `tenancy.run()`, what has begun.
 * A change is in force in this process when its promise resolves, and in the others within milliseconds where they
 * share a Redis, else by the time that `registry.ttl` is over.
 */
@Injectable()
export class MaintenanceService {
  constructor(
    private readonly tenants: TenantService,
    private readonly store: MaintenanceStore,
    private readonly watch: MaintenanceWatch,
    private readonly notices: MaintenanceNotices,
  ) {}

  /**
   * Begins a maintenance now, in place of the one that was enabled before, with its secret.
   * @throws MaintenanceInputError, TenantNotFoundError
   */
  async enable(
    subject: MaintenanceSubject,
    terms: EnableMaintenance = {},
  ): Promise<NewMaintenance> {
    const now = Date.now();
    const until = terms.until === undefined ? null : checkTime('until', terms.until, now);
    const [row, secret] = await this.rowOf(subject, terms, now, until);
    row.id = row.tenantId ?? ID_OF_ALL;
    row.told = 1;
    await this.store.put(row);
    await this.watch.changed(row.tenantId);
    await this.notices.enabled(row);
    return { ...viewOf(row), ...(secret !== undefined && { bypassSecret: secret }) };
  }

  /**
   * Has a maintenance begin and end by itself. There may be several, also at the same time.
   * @throws MaintenanceInputError, TenantNotFoundError
   */
  async schedule(subject: MaintenanceSubject, terms: ScheduleMaintenance): Promise<NewMaintenance> {
    const from = checkTime('from', terms.from, Date.now());
    const until = checkTime('until', terms.until, from);
    const [row, secret] = await this.rowOf(subject, terms, from, until);
    await this.store.insert(row);
    await this.notices.scheduled(row);
    await this.watch.changed(row.tenantId);
    return { ...viewOf(row), ...(secret !== undefined && { bypassSecret: secret }) };
  }

  /**
   * Ends what is in force for `subject`, enabled or scheduled. What is to come stays, and so does that of all tenants
   * where `subject` is one.
   * @returns whether there was any
   * @throws TenantNotFoundError
   */
  async disable(subject: MaintenanceSubject): Promise<boolean> {
    const scope = (await this.tenantOf(subject))?.id ?? null;
    const now = Date.now();
    const begun = (await this.store.read(scope)).filter(({ beginsAt }) => Number(beginsAt) <= now);
    return this.end(begun);
  }

  /** Ends a maintenance, or cancels one to come, by its id. @returns whether there was one */
  async cancel(id: string): Promise<boolean> {
    const row = await this.store.find(id);
    return row !== undefined && this.end([row]);
  }

  /**
   * The maintenances that are in force or to come, by when they begin; read from the central database.
   * @param subject whose; default everybody's
   * @throws TenantNotFoundError
   */
  async list(subject?: MaintenanceSubject): Promise<readonly Maintenance[]> {
    const scope = subject === undefined ? undefined : ((await this.tenantOf(subject))?.id ?? null);
    const now = Date.now();
    const rows = await this.store.read(scope);
    return rows.filter(({ endsAt }) => endsAt === null || Number(endsAt) > now).map(viewOf);
  }

  /**
   * Refuses what is asked of the running tenant while it is in maintenance, where nothing of this package does: for
   * messages of a broker that it does not know, say. From memory.
   * @param visitor who may be let in: what has the `headers`, and the address as `ip`
   * @throws MaintenanceActiveError
   */
  async verify(visitor?: Visitor): Promise<void> {
    const refusal = await this.watch.refusalOf(
      requireTenant('MaintenanceService.verify()'),
      visitor,
    );
    if (refusal !== undefined) throw refusal;
  }

  private async end(rows: readonly MaintenanceRow[]): Promise<boolean> {
    const ended: MaintenanceRow[] = [];
    for (const row of rows) if (await this.store.delete(row)) ended.push(row);
    for (const scope of new Set(ended.map(({ tenantId }) => tenantId))) {
      await this.watch.changed(scope);
    }
    for (const row of ended) await this.notices.disabled(row);
    return ended.length > 0;
  }

  private async tenantOf(subject: MaintenanceSubject): Promise<Tenant | null> {
    return subject === ALL_TENANTS ? null : this.tenants.get(subject);
  }

  private async rowOf(
    subject: MaintenanceSubject,
    terms: MaintenanceTerms,
    beginsAt: number,
    endsAt: number | null,
  ): Promise<[MaintenanceRow, string | undefined]> {
    const checked = checkTerms(terms);
    const tenant = await this.tenantOf(subject);
    const secret = terms.bypass === true ? createBypassSecret() : undefined;
    const row = Object.assign(new MaintenanceRow(), {
      id: randomUUID(),
      tenantId: tenant?.id ?? null,
      tenant,
      beginsAt,
      endsAt,
      told: 0,
      ...checked,
      bypassHash: secret === undefined ? null : hashBypassSecret(secret).toString('hex'),
      setAt: Date.now(),
    });
    return [row, secret];
  }
}

function viewOf(row: MaintenanceRow): Maintenance {
  const { id, tenantId, tenant, message, retryAfter, allowed, bypassHash } = row;
  const [from, until] = [Number(row.beginsAt), row.endsAt === null ? null : Number(row.endsAt)];
  return {
    id,
    ...(tenantId !== null && { tenantId, slug: tenant?.slug ?? tenantId }),
    from: new Date(from),
    ...(until !== null && { until: new Date(until) }),
    inForce: from <= Date.now() && (until === null || Date.now() < until),
    ...(message !== null && { message }),
    retryAfter,
    allow: allowed,
    bypass: bypassHash !== null,
  };
}
