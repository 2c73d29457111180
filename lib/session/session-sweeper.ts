import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { ForEachTenantError } from '../context/errors.js';
import type { CurrentTenant } from '../context/current-tenant.js';
import { Tenancy } from '../context/tenancy.js';
import { ConnectionPoolManager } from '../database/connection-pool-manager.js';
import { LockTimeoutError } from '../database/errors.js';
import { SESSION_OPTIONS, type ResolvedSessionOptions } from './session-options.js';
import { SESSION_ROWS, type SessionRows } from './session-rows.js';
import { now } from './session-store.js';

/** Sessions that are removed at a time: some milliseconds of the tenant's database, then others have their turn. */
const BATCH = 500;

/** Tenants that are swept at a time. */
const CONCURRENCY = 2;

/** Milliseconds that the clocks of an app's processes may be apart. */
const SKEW = 5_000;

const WITH_DATA: readonly string[] = ['active', 'suspended', 'blocked'];

/**
 * Removes the expired sessions of all tenants, a few at a time. Every process wakes at the same times of the clock, and
 * the one that gets the lock sweeps; should it die, another does at the next.
 */
@Injectable()
export class SessionSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('TenantSessions');
  private readonly stop = new AbortController();
  private readonly interval: number;
  private timer?: NodeJS.Timeout;
  private sweeping: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(SESSION_OPTIONS) private readonly options: ResolvedSessionOptions,
    @Inject(SESSION_ROWS) private readonly rows: SessionRows,
    private readonly tenancy: Tenancy,
    private readonly pools: ConnectionPoolManager,
  ) {
    this.interval = options.sweepInterval * 1_000;
  }

  onApplicationBootstrap(): void {
    // Redis forgets by itself.
    if (this.interval > 0 && this.options.store === 'database') this.schedule();
  }

  /** Ends a sweep after its running batch, while there still are connections. */
  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    this.stop.abort();
    await this.sweeping;
  }

  /**
   * Sweeps all tenants now; one that cannot be reached keeps no other from it.
   * @returns how many sessions were removed, or undefined when another process is at it
   */
  async sweep(): Promise<number | undefined> {
    const { centralAdministration, centralPlacement } = this.pools;
    const lock = `tenancy:sweep-sessions:${centralPlacement.database}`;
    try {
      return await centralAdministration.withLock(lock, 0, async () => {
        const begun = Date.now();
        const removed = await this.sweepTenants();
        await this.outwait(begun);
        return removed;
      });
    } catch (error) {
      if (error instanceof LockTimeoutError) return undefined;
      throw error;
    }
  }

  private schedule(): void {
    const wait = this.interval - (Date.now() % this.interval);
    this.timer = setTimeout(() => {
      this.sweeping = this.sweep()
        .catch((error: unknown) => this.tell(error))
        .finally(() => {
          if (!this.stop.signal.aborted) this.schedule();
        });
    }, wait).unref();
  }

  private async sweepTenants(): Promise<number> {
    let removed = 0;
    const until = now() - this.options.lifetime;
    const sweepTenant = async () => {
      for (;;) {
        // What SQLite does is done without leaving the process any turn.
        await turn();
        if (this.stop.signal.aborted) return;
        const batch = await this.rows.sweep(until, BATCH);
        removed += batch;
        if (batch < BATCH) return;
      }
    };
    try {
      await this.tenancy.forEach(sweepTenant, {
        concurrency: CONCURRENCY,
        where: hasData,
        continueOnError: true,
      });
    } catch (error) {
      if (!(error instanceof ForEachTenantError)) throw error;
      this.tell(error);
    }
    return removed;
  }

  /** Keeps the lock until the others have woken and found it taken, however little there was to sweep. */
  private async outwait(begun: number): Promise<void> {
    const { signal } = this.stop;
    const left = begun + Math.min(SKEW, this.interval / 2) - Date.now();
    if (left <= 0) return;
    await delay(left, undefined, { signal, ref: false }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  private tell(error: unknown): void {
    this.logger.error(
      'Expired sessions could not all be removed; the next sweep tries again',
      error instanceof Error ? error.stack : error,
    );
  }
}

function hasData({ status }: CurrentTenant): boolean {
  return WITH_DATA.includes(status);
}
