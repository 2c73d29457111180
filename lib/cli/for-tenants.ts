import type { Command } from 'commander';
import type { CurrentTenant } from '../context/current-tenant.js';
import { ForEachTenantError } from '../context/errors.js';
import { Turns } from '../tenant/turns.js';
import type { App } from './app.js';
import { UsageError } from './errors.js';
import { failureOf } from './failure.js';
import { collect, parseCount } from './option-values.js';

/** The options of a command that works on some tenants or on all. */
export interface TenantOptions {
  readonly tenant?: readonly string[];
  readonly all?: boolean;
  readonly concurrency: number;
  readonly keepGoing?: boolean;
}

export interface Outcome {
  readonly done: readonly string[];
  readonly failed: readonly {
    readonly tenant: string;
    readonly code: string;
    readonly message: string;
  }[];
  /** Not begun, because another had failed. */
  readonly notStarted: number;
}

export function tenantOptions(command: Command): Command {
  return command
    .option('--tenant <tenant>', 'id or slug, may be repeated', collect)
    .option('--all', 'every active tenant')
    .option('--concurrency <count>', 'so many at once', parseCount, 4)
    .option('--keep-going', 'go on with the others after a failure');
}

/** @throws UsageError unless it is said for whom */
export function checkChoice({ tenant = [], all = false }: TenantOptions): void {
  if (tenant.length > 0 === all) throw new UsageError('Give --tenant <tenant>, or --all.');
}

/**
 * Runs `work` in the context of each tenant.
 * @throws TenantNotFoundError
 */
export async function forChosenTenants(
  app: App,
  { tenant: references = [], all = false, concurrency, keepGoing = false }: TenantOptions,
  work: (tenant: CurrentTenant) => Promise<void>,
): Promise<Outcome> {
  const named = new Map<string, string>();
  for (const reference of references) {
    const { id, slug } = await app.tenants.get(reference);
    named.set(id, slug);
  }
  const done: string[] = [];
  const each = async (tenant: CurrentTenant) => {
    await work(tenant);
    done.push(tenant.slug);
  };
  const failures = new Map<string, unknown>();
  let notStarted = 0;
  if (all) {
    try {
      await app.tenancy.forEach(each, { concurrency, continueOnError: keepGoing });
    } catch (error) {
      if (!(error instanceof ForEachTenantError)) throw error;
      for (const [slug, failure] of error.failures) failures.set(slug, failure);
      ({ notStarted } = error);
    }
  }
  const one = async ([id, slug]: readonly [string, string]) => {
    if (failures.size > 0 && !keepGoing) {
      notStarted += 1;
      return;
    }
    try {
      await app.tenancy.run(id, () => each(app.tenancy.require()));
    } catch (error) {
      failures.set(slug, error);
    }
  };
  const turns = new Turns(concurrency);
  await Promise.all([...named].map((tenant) => turns.take(() => one(tenant))));
  const failed = [...failures].map(([tenant, error]) => {
    const { code, message } = failureOf(error);
    return { tenant, code, message };
  });
  return { done: done.toSorted(), failed, notStarted };
}

export function outcomeLines({ done, failed, notStarted }: Outcome, what: string): string[] {
  return [
    ...done.map((slug) => `${slug}: ${what}`),
    ...failed.map(({ tenant, message }) => `${tenant}: failed: ${message}`),
    ...(notStarted > 0
      ? [`${notStarted} not started, because of the failure (see --keep-going)`]
      : []),
    ...(done.length + failed.length === 0 ? ['No active tenants.'] : []),
  ];
}
