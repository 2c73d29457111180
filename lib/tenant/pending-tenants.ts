import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { runDetached } from '../context/tenant-context.js';
import { ConnectionPoolManager } from '../database/connection-pool-manager.js';
import { LockTimeoutError } from '../database/errors.js';
import type { ResolvedServer, ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { describe } from './errors.js';
import { PendingStore, type PendingTenant } from './pending-store.js';
import { TenantProvisioner } from './tenant-provisioner.js';
import { TENANT_SCHEMAS, type TenantSchemas } from './tenant-schemas.js';
import { TenantStore } from './tenant-store.js';
import { Tenant } from './tenant.entity.js';

/** Milliseconds after the start of the app: its first requests come before tenants to come. */
const FIRST_LOOK = 1_000;
/** Milliseconds after a claim: who signs up at the same time comes first. */
const AFTER_CLAIM = 1_000;
/** Milliseconds to wait for another process that makes one, and goes on when this one does not. */
const LOCK_TIMEOUT = 1_000;
/** Milliseconds between two looks: another process may have died while it made one. */
const LOOK_AGAIN = 30_000;

/**
 * Keeps databases ready for tenants to come, as many as `tenants.pending` says, and gives them away. One process at a time
 * makes them; any may claim them.
 */
@Injectable()
export class PendingTenants implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('TenancyPending');
  private readonly amount: number;
  private timer?: NodeJS.Timeout;
  /** When it goes off. */
  private nextLook = Infinity;
  private running?: Promise<void>;
  private stopped = false;

  constructor(
    private readonly rows: PendingStore,
    private readonly store: TenantStore,
    private readonly provisioner: TenantProvisioner,
    private readonly pools: ConnectionPoolManager,
    @Inject(TENANT_SCHEMAS) private readonly schemas: TenantSchemas,
    @Inject(TENANCY_OPTIONS) private readonly options: ResolvedTenancyOptions,
  ) {
    this.amount = options.tenants.pending;
  }

  onApplicationBootstrap(): void {
    this.lookIn(FIRST_LOOK);
  }

  /** Waits for the one that is being made. */
  async onModuleDestroy(): Promise<void> {
    this.stop();
    // Whoever began it is told of what goes wrong.
    await this.running?.catch(() => {});
  }

  /** No more are made by this process; those that are ready can be claimed. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /**
   * Gives `tenant` a database of its server that is ready, and so its id.
   * @param announce told of each id before it is tried
   * @returns its row, as whole as it can be without its seed; null when none is ready
   * @throws TenantConflictError when its slug or a host belongs to another
   */
  async claim(
    tenant: Tenant,
    announce?: (tenantId: string) => Promise<void>,
  ): Promise<Tenant | null> {
    if (this.amount === 0) return null;
    const { server } = tenant.placement;
    const ready = await this.ready(await this.rows.list(server));
    // Whoever comes at the same time takes another.
    const first = Math.floor(Math.random() * ready.length);
    const whole = this.options.tenants.seed === undefined;
    for (const { id } of [...ready.slice(first), ...ready.slice(0, first)]) {
      await announce?.(id);
      if (!(await this.rows.claim(id, this.provisioner.readySteps, tenant, whole))) continue;
      this.lookIn(AFTER_CLAIM);
      return this.store.get(id);
    }
    this.lookIn(AFTER_CLAIM);
    return null;
  }

  /** Makes what is missing, unless another process is at it. Drops what is unfinished or out of date. */
  topUp(): Promise<void> {
    this.running ??= runDetached('keep tenants to come ready', () => this.fill()).finally(() => {
      this.running = undefined;
      this.lookIn(LOOK_AGAIN);
    });
    return this.running;
  }

  private async fill(): Promise<void> {
    const failures: unknown[] = [];
    // One that is down keeps none of the others from being filled.
    for (const server of this.options.tenants.servers) {
      try {
        await this.alone(() => this.sweep(server));
        // One at a time, so that no connection is held for as long as all of them take.
        while (!this.stopped && (await this.alone(() => this.makeOne(server))));
      } catch (error) {
        // Another process is at it.
        if (error instanceof LockTimeoutError) break;
        failures.push(error);
      }
    }
    if (failures.length === 0) return;
    throw new AggregateError(failures, failures.map(describe).join('; '));
  }

  private alone<T>(work: () => Promise<T>): Promise<T> {
    const { centralAdministration, centralPlacement } = this.pools;
    const lock = `tenancy:pending:${centralPlacement.database}`;
    return centralAdministration.withLock(lock, LOCK_TIMEOUT, work);
  }

  /** @returns false when none is missing */
  private async makeOne({ name, acceptsTenants }: ResolvedServer): Promise<boolean> {
    if (!acceptsTenants) return false;
    const ready = await this.ready(await this.rows.list(name));
    if (ready.length >= this.amount) return false;
    await this.make(name);
    return true;
  }

  private async make(server: string): Promise<void> {
    const tenant = this.newTenant(server);
    await this.provisioner.alone(tenant.id, async () => {
      await this.store.reserve(tenant);
      await this.provisioner.makeReady(tenant);
    });
  }

  /** What a process that died, or failed, has left half done; and what lacks migrations that the code has by now. */
  private async sweep({ name }: ResolvedServer): Promise<void> {
    const all = await this.rows.list(name);
    const good = new Set(await this.ready(all));
    for (const pending of all) {
      if (!this.stopped && !good.has(pending)) await this.drop(pending);
    }
  }

  private async drop({ id, step }: PendingTenant): Promise<void> {
    await this.provisioner.alone(id, async () => {
      if (this.provisioner.readySteps.includes(step) && !(await this.rows.retire(id))) return;
      const tenant = await this.store.find(id);
      if (tenant?.status === 'pending') await this.provisioner.undo(tenant);
    });
  }

  private async ready(all: readonly PendingTenant[]): Promise<readonly PendingTenant[]> {
    const ready: PendingTenant[] = [];
    for (const pending of all) {
      const { step, fingerprint } = pending;
      if (!this.provisioner.readySteps.includes(step) || fingerprint === null) continue;
      if (await this.schemas.isCurrent(fingerprint)) ready.push(pending);
    }
    return ready;
  }

  /** Its slug is none that a tenant can have, so it is nobody's and led to by nothing. */
  private newTenant(server: string): Tenant {
    const id = randomUUID();
    const slug = `~${id}`;
    const database = `${this.options.tenants.databasePrefix}ready_${id.slice(-12)}`;
    return Object.assign(new Tenant(), {
      id,
      slug,
      name: slug,
      status: 'pending',
      placement: { server, database },
      databaseOrigin: 'created',
      step: 'reserved',
      failure: null,
      settings: {},
      generation: 1,
      deletedAt: null,
      domains: [],
    } as const);
  }

  private look(): void {
    this.nextLook = Infinity;
    if (this.running !== undefined) return this.lookIn(AFTER_CLAIM);
    this.topUp().catch((error: unknown) => {
      this.logger.error(`Databases for tenants to come could not be made: ${describe(error)}`);
    });
  }

  /** Unless it looks earlier anyway. */
  private lookIn(milliseconds: number): void {
    const at = performance.now() + milliseconds;
    if (this.stopped || this.amount === 0 || at >= this.nextLook) return;
    clearTimeout(this.timer);
    this.nextLook = at;
    this.timer = setTimeout(() => this.look(), milliseconds);
    this.timer.unref();
  }
}
