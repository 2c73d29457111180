import { DelayedError } from 'bullmq';
import type { CurrentTenant } from '../context/current-tenant.js';
import { runDetached, type TenancyContext } from '../context/tenant-context.js';
import type { TenancyError } from '../tenancy.error.js';
import type { MaintenanceGate } from '../tenant/maintenance-gate.js';
import type { TenantRegistry } from '../tenant/tenant-registry.js';
import {
  JobInCentralQueueError,
  JobTenantGoneError,
  JobTenantMissingError,
  JobTenantNotServedError,
  type JobInError,
} from './errors.js';

/** A job as it was fetched. */
export interface FetchedJob extends JobInError {
  readonly tenantId: string | undefined;
}

/** What a job runs in, or why it does not run. */
export interface FoundTenant {
  /** The tenant's; central where there is none, and for the listeners of a job that is refused. */
  readonly context: TenancyContext;
  readonly refusal?: Error;
  /** No retry can help. */
  readonly final?: boolean;
  /** It runs later instead: in so many milliseconds it is looked at again. */
  readonly postponedBy?: number;
}

/** The most milliseconds that a job is postponed by at a time: a maintenance may end before it was to. */
const LONGEST_POSTPONEMENT = 60_000;

/** Finds the tenants of jobs. */
export class JobTenants {
  constructor(
    private readonly registry: TenantRegistry,
    private readonly maintenance: Pick<MaintenanceGate, 'refusalOf'>,
    private readonly isCentral: (queueName: string) => boolean,
  ) {}

  /** Never rejects: what keeps the tenant from being found is the job's failure, not the worker's. */
  async find(job: FetchedJob): Promise<FoundTenant> {
    const { tenantId } = job;
    if (this.isCentral(job.queueName)) {
      return tenantId === undefined
        ? { context: centralFor(job) }
        : refused(job, new JobInCentralQueueError(job, tenantId), true);
    }
    if (tenantId === undefined) return refused(job, new JobTenantMissingError(job), true);
    try {
      const tenant = await runDetached(`find the tenant of a job of queue "${job.queueName}"`, () =>
        this.registry.lookup({ kind: 'id', value: tenantId }),
      );
      if (tenant === null) return refused(job, new JobTenantGoneError(job, tenantId), true);
      if (tenant.status !== 'active') return notServed(job, tenant);
      const maintenance = await this.maintenance.refusalOf(tenant);
      return maintenance === undefined ? served(tenant) : postponed(tenant, maintenance);
    } catch (error) {
      const refusal = error instanceof Error ? error : new Error(String(error));
      return { context: centralFor(job), refusal };
    }
  }
}

function served(tenant: CurrentTenant): FoundTenant {
  return { context: { tenant, work: { wrote: false } } };
}

function postponed(tenant: CurrentTenant, { message, retryAfter = 1 }: TenancyError): FoundTenant {
  const postponedBy = Math.min(retryAfter * 1_000, LONGEST_POSTPONEMENT);
  return { ...served(tenant), refusal: new DelayedError(message), postponedBy };
}

function notServed(job: FetchedJob, { slug, status }: CurrentTenant): FoundTenant {
  return refused(job, new JobTenantNotServedError(job, slug, status), false);
}

function refused(job: FetchedJob, refusal: TenancyError, final: boolean): FoundTenant {
  return { context: centralFor(job), refusal, final };
}

function centralFor({ id, queueName }: FetchedJob): TenancyContext {
  const centralReason = `job ${id ?? ''} of queue "${queueName}"`;
  return { centralReason, work: { wrote: false } };
}
