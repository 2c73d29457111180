import { Inject, Injectable, Optional } from '@nestjs/common';
import type { CurrentTenant } from './current-tenant.js';
import { TenantNotReadyError, TenantSwitchRefusedError } from './errors.js';
import { forEachTenant, type ForEachOptions } from './for-each.js';
import type { Impersonator } from './impersonator.js';
import {
  currentImpersonator,
  currentTenant,
  requireTenant,
  runCentrally,
  runForTenant,
} from './tenant-context.js';

export interface RunOptions {
  /** When it is aborted, what the work waits for a connection with is refused at once (`LEASE_ABORTED`). */
  readonly signal?: AbortSignal;
}

/** Finds tenants for {@link Tenancy}; implemented by the registry, a room above. */
export interface TenantDirectory {
  /** @throws TenantNotFoundError */
  byReference(idOrSlug: string): Promise<CurrentTenant>;
  /** Every tenant that is not deleted, in pages. */
  all(): AsyncIterable<CurrentTenant>;
}

export const TENANT_DIRECTORY = Symbol.for('nestjs-tenancy:tenant-directory');

/** Says whether work for a tenant may begin; implemented by the migrations, a room above. */
export interface TenantGate {
  /** Nothing, at once, for a tenant that may pass. Else it throws, or gives a promise of either. */
  admit(tenant: CurrentTenant): Promise<void> | undefined;
}

export const TENANT_GATE = Symbol.for('nestjs-tenancy:tenant-gate');

/** Told of each crossing from a tenant to the central side; implemented by the audit log, a room above. */
export interface CrossingWitness {
  /** Before the work begins. What it throws keeps the work from beginning. */
  crossing(from: CurrentTenant, reason: string): Promise<void>;
}

export const CROSSING_WITNESS = Symbol.for('nestjs-tenancy:crossing-witness');

/**
 * The door into a tenant for everything that is not an HTTP request: jobs, cron, scripts, tests.
 *
 * ```ts
 * await tenancy.run('acme', () => this.projects.find());
 * ```
 */
@Injectable()
export class Tenancy {
  constructor(
    @Inject(TENANT_DIRECTORY) private readonly directory: TenantDirectory,
    @Optional() @Inject(TENANT_GATE) private readonly gate?: TenantGate,
    @Optional() @Inject(CROSSING_WITNESS) private readonly witness?: CrossingWitness,
  ) {}

  /** The tenant of the running code, or undefined. */
  get current(): CurrentTenant | undefined {
    return currentTenant();
  }

  /** The operator who acts in the place of the tenant's user in the running request, or undefined. */
  get impersonator(): Impersonator | undefined {
    return currentImpersonator();
  }

  /**
   * The tenant of the running code.
   * @throws TenantContextMissingError
   */
  require(): CurrentTenant {
    return requireTenant('Tenancy.require()');
  }

  /**
   * Runs `work` for a tenant, in everything it calls and awaits; what was before is restored, also after a throw.
   * A suspended or blocked tenant may be entered: whether it is *served* is for the guard to say.
   * @param tenant the tenant, or its id or slug
   * @throws TenantNotFoundError, TenantNotReadyError
   * @throws TenantMigrationPendingError as `tenants.onPendingMigrations` says
   * @throws TenantSwitchRefusedError inside the context of another tenant
   */
  async run<T>(
    tenant: CurrentTenant | string,
    work: () => T | Promise<T>,
    { signal }: RunOptions = {},
  ): Promise<T> {
    const found =
      typeof tenant === 'string'
        ? await runCentrally(`find tenant "${tenant}"`, () => this.directory.byReference(tenant))
        : tenant;
    if (!HAS_DATA.has(found.status)) throw new TenantNotReadyError(found.slug, found.status);
    const waiting = this.gate?.admit(found);
    if (waiting !== undefined) await waiting;
    return runForTenant(found, work, signal && (() => signal));
  }

  /**
   * Runs `work` on the central side: no tenant in it, and from inside a tenant the named way out.
   * @param reason why, for errors and the audit trail; not empty
   */
  async runCentral<T>(reason: string, work: () => T | Promise<T>): Promise<T> {
    if (reason.trim() === '') throw new TypeError('runCentral needs a reason, for the audit trail');
    const from = currentTenant();
    if (from !== undefined) await this.witness?.crossing(from, reason);
    return runCentrally(reason, work);
  }

  /**
   * Runs `work` once for every tenant, each in its own context.
   * @throws ForEachTenantError naming each tenant that failed, once everything started has ended
   * @throws TenantSwitchRefusedError inside the context of a tenant
   */
  async forEach(
    work: (tenant: CurrentTenant) => unknown,
    options: ForEachOptions = {},
  ): Promise<void> {
    const outer = currentTenant();
    if (outer !== undefined) throw new TenantSwitchRefusedError(outer.slug, 'every tenant in turn');
    const tenants = runCentrally('list tenants', () => this.directory.all());
    const admitted = async (tenant: CurrentTenant): Promise<void> => {
      await this.gate?.admit(tenant);
      await work(tenant);
    };
    await forEachTenant(tenants, admitted, options);
  }
}

const HAS_DATA: ReadonlySet<string> = new Set(['active', 'suspended', 'blocked']);
