import { Logger } from '@nestjs/common';
import { Turns } from '../tenant/turns.js';
import { TenantHalfWayError } from './errors.js';
import type { MigrationRunOptions } from './migration-options.js';
import type { FailedTenant } from './migration-report.js';
import type { ListedTenant } from './tenant-listing.js';
import { TenantQueue } from './tenant-queue.js';

export interface FleetOptions extends Required<
  Pick<MigrationRunOptions, 'workers' | 'canary' | 'maxFailures'>
> {
  readonly atOnce: (server: string) => number;
  /** Whether a tenant that is half-way is a failure: where it was said to go on. Else it is left. */
  readonly resume: boolean;
  readonly onProgress: MigrationRunOptions['onProgress'];
}

/**
 * Keeps one thing from being done beside too many others. Rejects without doing it when the run has stopped meanwhile.
 * `leave` lets the next one begin before the end.
 */
export type Turn = <T>(work: (leave: () => void) => Promise<T>) => Promise<T>;

/** The run stopped before anything was done to a tenant that had been made ready. */
class NotBegun extends Error {}

/** One run over many tenants: so many at once, the canaries first, and none begun after too many failures. */
export class FleetRun {
  readonly failed: FailedTenant[] = [];
  /** Tenants that something ran for. */
  migrated = 0;
  /** Tenants that turned out to have nothing to do. */
  current = 0;
  /** Slugs of those that were left, because nobody said to go on with what is half-way. */
  readonly halfWay: string[] = [];
  /** Those that something was done to, or that were found to need nothing. */
  private readonly begun = new Set<ListedTenant>();
  private readonly startedAt = performance.now();
  private readonly logger = new Logger('TenancyMigrations');

  private readonly turns: Turns;
  /** While the schemas of some are changed, others are locked and read, or have what was done recorded. One worker keeps the order. */
  private readonly atOnce: number;

  /** @param work gives the names of what it ran; it changes a schema in a turn */
  constructor(
    private readonly tenants: readonly ListedTenant[],
    private readonly work: (tenant: ListedTenant, turn: Turn) => Promise<readonly string[]>,
    private readonly options: FleetOptions,
  ) {
    this.turns = new Turns(options.workers);
    this.atOnce = 2 * options.workers - 1;
  }

  /** The slugs of those that nothing was done to, because of failures before them. */
  get notBegun(): readonly string[] {
    return this.tenants.filter((tenant) => !this.begun.has(tenant)).map(({ slug }) => slug);
  }

  /** Ends when all that was begun has ended; never rejects because of a tenant. */
  async run(): Promise<this> {
    const { canary } = this.options;
    await this.runAll(this.tenants.slice(0, canary));
    const passed = this.failed.length + this.halfWay.length === 0;
    if (canary === 0 || passed) await this.runAll(this.tenants.slice(canary));
    return this;
  }

  private get isStopped(): boolean {
    return this.failed.length >= this.options.maxFailures;
  }

  /** A failure counts before the turn goes on to the next tenant, which is then not begun. */
  private turnOf(tenant: ListedTenant): Turn {
    return (work) =>
      this.turns.take(async (leave) => {
        if (this.isStopped) throw new NotBegun();
        try {
          return await work(leave);
        } catch (error) {
          this.fail(tenant, error);
          throw error;
        }
      });
  }

  private async runAll(tenants: readonly ListedTenant[]): Promise<void> {
    const queue = new TenantQueue(tenants, this.options.atOnce);
    const running = new Set<Promise<void>>();
    const begin = (): boolean => {
      if (this.isStopped || running.size >= this.atOnce) return false;
      const tenant = queue.take();
      if (tenant === undefined) return false;
      const one = this.runOne(tenant).finally(() => {
        queue.giveBack(tenant);
        running.delete(one);
      });
      running.add(one);
      return true;
    };
    for (;;) {
      while (begin());
      if (running.size === 0) break;
      await Promise.race(running);
    }
  }

  private async runOne(tenant: ListedTenant): Promise<void> {
    try {
      const ran = await this.work(tenant, this.turnOf(tenant));
      this.begun.add(tenant);
      if (ran.length > 0) this.migrated += 1;
      else this.current += 1;
      this.tell(tenant);
    } catch (error) {
      if (!(error instanceof NotBegun)) this.fail(tenant, error);
    }
  }

  private fail(tenant: ListedTenant, error: unknown): void {
    if (this.begun.has(tenant)) return;
    this.begun.add(tenant);
    const { slug } = tenant;
    if (error instanceof TenantHalfWayError && !this.options.resume) this.halfWay.push(slug);
    else this.failed.push({ slug, error });
    this.tell(tenant, { error });
  }

  private tell({ slug }: ListedTenant, failure?: { readonly error: unknown }): void {
    const failed = this.failed.length;
    const done = this.migrated + this.current + this.halfWay.length + failed;
    const seconds = (performance.now() - this.startedAt) / 1_000;
    const total = this.tenants.length;
    try {
      this.options.onProgress?.({
        done,
        failed,
        total,
        rate: done / seconds,
        tenant: slug,
        ...failure,
      });
    } catch (error) {
      this.logger.error('onProgress failed', error instanceof Error ? error.stack : error);
    }
  }
}
