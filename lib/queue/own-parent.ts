import type { JobsOptions, Queue, RedisClient } from 'bullmq';
import { currentTenant } from '../context/tenant-context.js';
import { JobParentOfOtherTenantError } from './errors.js';
import { ownName, tenantIdIn } from './job-tenant.js';

/** Has a queue, central or not, add no job of a tenant's under another tenant's. */
export function keepParentsOwn(queue: Queue): void {
  const add = queue.add.bind(queue);
  const addBulk = queue.addBulk.bind(queue);
  queue.add = async (name, data, options) =>
    add(name, data, await withOwnParent(queue.client, options));
  queue.addBulk = async (jobs) => {
    const own = jobs.map(async (job) => ({
      ...job,
      opts: await withOwnParent(queue.client, job.opts),
    }));
    return addBulk(await Promise.all(own));
  };
}

/**
 * `options` whose parent, if they name one, is a job of the running tenant's own, or one that belongs to no tenant: a
 * child's end lets its parent run, and what it returns is given to it. Looked at in Redis, only where there is a parent.
 * @throws JobParentOfOtherTenantError
 */
export async function withOwnParent<O extends Pick<JobsOptions, 'parent'>>(
  client: Promise<RedisClient>,
  options: O | undefined,
): Promise<O | undefined> {
  const tenant = currentTenant();
  if (tenant === undefined || options?.parent === undefined) return options;
  const { parent } = options;
  // By the name that the app chose, or as BullMQ knows it; in one round trip.
  const ids = [ownName(tenant.id, parent.id), parent.id];
  const redis = await client;
  const known = await Promise.all(ids.map((id) => redis.hget(`${parent.queue}:${id}`, 'opts')));
  const found = known.findIndex((job) => job !== null);
  // BullMQ says itself that there is none.
  if (found < 0) return options;
  const { tm } = JSON.parse(known[found] ?? '{}') as { readonly tm?: unknown };
  const owner = tenantIdIn(tm);
  if (owner !== undefined && owner !== tenant.id)
    throw new JobParentOfOtherTenantError(tenant.slug);
  return { ...options, parent: { ...parent, id: ids[found] } };
}
