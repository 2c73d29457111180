import type { CurrentTenant } from './current-tenant.js';
import { ForEachTenantError } from './errors.js';
import { runForTenant } from './tenant-context.js';

export interface ForEachOptions {
  /** How many tenants are worked on at once. Default 4. */
  readonly concurrency?: number;
  /** Which tenants. Default: those with status `active`. */
  readonly where?: (tenant: CurrentTenant) => boolean;
  /** Go on with the others after a failure. Default false: nothing new is started, what runs is awaited. */
  readonly continueOnError?: boolean;
}

/**
 * Runs `work` once for every tenant of `tenants`, each in its own context, `concurrency` at a time. Tenants are pulled
 * as workers become free, so ten thousand of them are never in memory at once.
 * @throws ForEachTenantError, or what kept `tenants` from going on, after everything started has ended
 */
export async function forEachTenant(
  tenants: AsyncIterable<CurrentTenant>,
  work: (tenant: CurrentTenant) => unknown,
  options: ForEachOptions,
): Promise<void> {
  const { concurrency = 4, where = isActive, continueOnError = false } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new TypeError(`forEach needs a whole concurrency of at least 1, not ${concurrency}`);
  }
  const failures = new Map<string, unknown>();
  let succeeded = 0;
  let notStarted = 0;

  const iterator = tenants[Symbol.asyncIterator]();
  const worker = async (): Promise<void> => {
    for (;;) {
      const next = await iterator.next();
      if (next.done) return;
      const tenant = next.value;
      if (!where(tenant)) continue;
      if (failures.size > 0 && !continueOnError) {
        notStarted += 1;
        continue;
      }
      try {
        await runForTenant(tenant, () => work(tenant));
        succeeded += 1;
      } catch (error) {
        failures.set(tenant.slug, error);
      }
    }
  };
  // Not Promise.all: when the tenants cannot be listed to the end, the work that runs is awaited all the same.
  const ends = await Promise.allSettled(Array.from({ length: concurrency }, worker));
  const unlisted = ends.find((end) => end.status === 'rejected');
  if (unlisted !== undefined) throw unlisted.reason;
  if (failures.size > 0) throw new ForEachTenantError(failures, succeeded, notStarted);
}

function isActive(tenant: CurrentTenant): boolean {
  return tenant.status === 'active';
}
