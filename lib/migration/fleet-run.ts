import { Logger } from '@nestjs/common';
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

/** One run over many tenants: so many at once, the canaries first, and none begun after too many failures. */
export class FleetRun {
  readonly failed: FailedTenant[] = [];
  /** Tenants that something ran for. */
  migrated = 0;
  /** Tenants that turned out to have nothing to do. */
  current = 0;
  /** Slugs of those that were left, because nobody said to go on with what is half-way. */
  readonly halfWay: string[] = [];
  notBegun: readonly string[] = [];
  private readonly startedAt = performance.now();
  private readonly logger = new Logger('TenancyMigrations');

  /** @param work gives the names of what it ran */
  constructor(
    private readonly tenants: readonly ListedTenant[],
    private readonly work: (tenant: ListedTenant) => Promise<readonly string[]>,
    private readonly options: FleetOptions,
  ) {}

  /** Ends when all that was begun has ended; never rejects because of a tenant. */
  async run(): Promise<this> {
    const { canary, maxFailures } = this.options;
    const canaries = this.tenants.slice(0, canary);
    const others = this.tenants.slice(canary);
    await this.runAll(canaries, maxFailures);
    if (canary > 0 && this.failed.length + this.halfWay.length > 0) {
      this.notBegun = [...this.notBegun, ...others.map(({ slug }) => slug)];
    } else {
      await this.runAll(others, maxFailures);
    }
    return this;
  }

  private async runAll(tenants: readonly ListedTenant[], maxFailures: number): Promise<void> {
    const queue = new TenantQueue(tenants, this.options.atOnce);
    const running = new Set<Promise<void>>();
    const begin = (): boolean => {
      if (this.failed.length >= maxFailures || running.size >= this.options.workers) return false;
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
    this.notBegun = [...this.notBegun, ...queue.left.map(({ slug }) => slug)];
  }

  private async runOne(tenant: ListedTenant): Promise<void> {
    try {
      const ran = await this.work(tenant);
      if (ran.length > 0) this.migrated += 1;
      else this.current += 1;
      this.tell(tenant);
    } catch (error) {
      const { slug } = tenant;
      if (error instanceof TenantHalfWayError && !this.options.resume) this.halfWay.push(slug);
      else this.failed.push({ slug, error });
      this.tell(tenant, { error });
    }
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
