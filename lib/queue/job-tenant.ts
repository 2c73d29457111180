import type { JobsOptions } from 'bullmq';
import { createHash } from 'node:crypto';
import { isTenantId } from '../tenant/tenant-id.js';

/**
 * Where the tenant is kept in a job: in the metadata that BullMQ carries for telemetry through retries and from one run
 * of a job scheduler to the next, in front of the app's own. Never in `data`, which an app fills from requests.
 */
const MARK = /^tenancy:([^:]*):/;

/** @param metadata the app's own */
export function markWith(tenantId: string, metadata = ''): string {
  return `tenancy:${tenantId}:${metadata}`;
}

/** The app's own metadata; empty when there is none. */
export function metadataOf(marked: string): string {
  return marked.replace(MARK, '');
}

/** The id of the tenant that a job was added for, or undefined. */
export function tenantIdOf(job: { readonly opts: JobsOptions }): string | undefined {
  return tenantIdIn(job.opts.telemetry?.metadata);
}

/** The tenant that metadata is marked with, or undefined. */
export function tenantIdIn(metadata: unknown): string | undefined {
  const id = typeof metadata === 'string' ? MARK.exec(metadata)?.[1] : undefined;
  return id !== undefined && isTenantId(id) ? id : undefined;
}

/**
 * What BullMQ knows a tenant's job, deduplication or job scheduler by whose name the app chose: two tenants that choose
 * the same have two of them. Unchanged for one that has the tenant already, such as `job.id`.
 */
export function ownName(tenantId: string, name: string): string {
  return name.startsWith(`${tenantId}.`) ? name : `${tenantId}.${name}`;
}

/** `options` with every name in them made the tenant's own. */
export function withOwnNames(tenantId: string, name: string, options: JobsOptions): JobsOptions {
  const { jobId, deduplication, debounce, repeat } = options;
  const own = (id: string) => ownName(tenantId, id);
  return {
    ...options,
    ...(jobId !== undefined && { jobId: own(jobId) }),
    ...(deduplication && { deduplication: { ...deduplication, id: own(deduplication.id) } }),
    ...(debounce && { debounce: { ...debounce, id: own(debounce.id) } }),
    ...(repeat && {
      repeat: { ...repeat, key: own(repeat.key ?? repeatKey(name, repeat, jobId)) },
    }),
  };
}

/** By what BullMQ tells repeated jobs apart that were given no key: deprecated there in favour of job schedulers. */
export function repeatKey(
  name: string,
  repeat: NonNullable<JobsOptions['repeat']>,
  jobId?: string,
): string {
  const { endDate, tz, pattern, every } = repeat;
  const parts = [name, jobId, endDate && Number(new Date(endDate)), tz, pattern, every];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
