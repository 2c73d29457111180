import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { CurrentTenant } from '../context/current-tenant.js';
import { TenantSwitchRefusedError } from '../context/errors.js';
import { Tenancy } from '../context/tenancy.js';
import { ConnectionPoolManager } from '../database/connection-pool-manager.js';
import { LockTimeoutError } from '../database/errors.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { MAINTENANCE_GATE, type MaintenanceGate } from '../tenant/maintenance-gate.js';
import { TenancyEvents } from '../tenant/tenancy-events.js';
import { Turns } from '../tenant/turns.js';
import { Cadence } from './cadence.js';
import type { ScheduledMethod, TickRunner } from './for-each-tenant.decorator.js';
import { RunLedger, type ScheduledRun } from './run-ledger.js';
import type {
  ScheduledRunCut,
  ScheduledTenantFailed,
  ScheduledTenantSkipped,
  ScheduleOverlap,
} from './schedule-events.js';

type Work = (tenant: CurrentTenant) => unknown;

/**
 * Runs the ticks of scheduled methods for every tenant. A method's lock, held for as long as it runs, is one of the
 * central database's server: that frees it when its holder dies. What the lock cannot know, that a tick has been run
 * and done a moment ago by a process whose clock is ahead, the {@link RunLedger} does.
 */
@Injectable()
export class TenantSchedule implements TickRunner, BeforeApplicationShutdown {
  private readonly logger = new Logger('TenantSchedule');
  private readonly running = new Map<
    string,
    { readonly since: Date; readonly run: Promise<void> }
  >();
  private readonly turns: Turns;
  private stopping = false;

  constructor(
    private readonly tenancy: Tenancy,
    private readonly pools: ConnectionPoolManager,
    private readonly events: TenancyEvents,
    private readonly ledger: RunLedger,
    private readonly cadence: Cadence,
    @Inject(MAINTENANCE_GATE) private readonly maintenance: MaintenanceGate,
    @Inject(TENANCY_OPTIONS) { central }: Pick<ResolvedTenancyOptions, 'central'>,
  ) {
    // Each holds its lock on one central connection, and lists the tenants on another. Creations may have half of them.
    this.turns = new Turns(Math.max(1, Math.floor(central.server.maxConnections / 4)));
  }

  async tick(method: ScheduledMethod, work: Work): Promise<void> {
    const { name } = method;
    const outer = this.tenancy.current;
    if (outer !== undefined) throw new TenantSwitchRefusedError(outer.slug, 'every tenant in turn');
    if (this.stopping) return;
    const before = this.running.get(name);
    if (before !== undefined) return this.overlaps(name, before.since);
    const run = method.options.everyProcess
      ? this.forEach(method, work, { cut: false })
      : this.turns.take(() => this.alone(method, work));
    this.running.set(name, { since: new Date(), run });
    try {
      await run;
    } finally {
      this.running.delete(name);
    }
  }

  /** No tenant's part is begun any more; those that run are awaited. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await Promise.allSettled([...this.running.values()].map(({ run }) => run));
  }

  private async alone(method: ScheduledMethod, work: Work): Promise<void> {
    const { name } = method;
    const lock = `tenancy:schedule:${this.pools.centralPlacement.database}:${name}`;
    let entered = false;
    try {
      await this.pools.centralAdministration.withLock(lock, 0, async () => {
        entered = true;
        await this.unlessDone(method, work);
      });
    } catch (error) {
      if (entered || !(error instanceof LockTimeoutError)) throw error;
      const other = await this.ledger.last(name);
      // Without a row it has only just taken the lock.
      if (other !== undefined && !this.isSameTick(method, other)) {
        this.overlaps(name, new Date(other.beganAt));
      }
    }
  }

  private async unlessDone(method: ScheduledMethod, work: Work): Promise<void> {
    const { name } = method;
    const last = await this.ledger.last(name);
    if (last?.endedAt !== undefined && this.isSameTick(method, last)) return;
    if (last !== undefined && last.endedAt === undefined) this.wasCut(name, new Date(last.beganAt));
    await this.ledger.begin(name, Date.now(), last === undefined);
    const run = { cut: false };
    try {
      await this.forEach(method, work, run);
    } finally {
      if (!run.cut) await this.ledger.end(name, Date.now());
    }
  }

  private isSameTick(method: ScheduledMethod, { beganAt }: ScheduledRun): boolean {
    // In either direction: the other clock may be ahead.
    return Math.abs(Date.now() - beganAt) < this.cadence.sameTickWithin(method);
  }

  /** @param run is cut when the shutdown comes before a tenant's part has begun */
  private async forEach(
    { name, options }: ScheduledMethod,
    work: Work,
    run: { cut: boolean },
  ): Promise<void> {
    const { concurrency, where = isActive } = options;
    const part = async (tenant: CurrentTenant) => {
      try {
        const refusal = await this.maintenance.refusalOf(tenant);
        if (refusal !== undefined) return this.skipped(name, tenant);
        await work(tenant);
      } catch (error) {
        this.failed(name, tenant, error);
        throw error;
      }
    };
    await this.tenancy.forEach(part, {
      where: (tenant) => {
        if (!where(tenant)) return false;
        run.cut ||= this.stopping;
        return !run.cut;
      },
      continueOnError: true,
      ...(concurrency !== undefined && { concurrency }),
    });
  }

  private skipped(name: string, { id, slug }: CurrentTenant): void {
    this.logger.debug(`${name} does not run for tenant "${slug}" this time: it is in maintenance`);
    const event: ScheduledTenantSkipped = { name, tenantId: id, slug };
    this.events.tell('schedule.tenant-skipped', event);
  }

  private failed(name: string, { id, slug }: CurrentTenant, error: unknown): void {
    this.logger.error(
      `${name} failed for tenant "${slug}"`,
      error instanceof Error ? error.stack : error,
    );
    const event: ScheduledTenantFailed = { name, tenantId: id, slug, error };
    this.events.tell('schedule.tenant-failed', event);
  }

  private overlaps(name: string, since: Date): void {
    this.logger.warn(
      `A tick of ${name} is skipped: its run of ${since.toISOString()} has not ended. Raise its concurrency, or let ` +
        'it tick less often.',
    );
    this.events.tell('schedule.overlap', { name, since } satisfies ScheduleOverlap);
  }

  private wasCut(name: string, since: Date): void {
    this.logger.warn(
      `The run of ${name} of ${since.toISOString()} was cut short: its process ended before it had run for all tenants.`,
    );
    this.events.tell('schedule.cut', { name, since } satisfies ScheduledRunCut);
  }
}

function isActive({ status }: CurrentTenant): boolean {
  return status === 'active';
}
