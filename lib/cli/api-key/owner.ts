import type { Command } from 'commander';
import type { OwnedApiKeys } from '../../api-key/owned-api-keys.js';
import { runForTenant } from '../../context/tenant-context.js';
import type { App } from '../app.js';
import { UsageError } from '../errors.js';

/** Whose keys a command is about. */
export interface OwnerOptions {
  readonly tenant?: string;
  readonly central?: boolean;
}

export function ownerOptions(command: Command): Command {
  return command
    .option('--tenant <tenant>', 'of this tenant: id or slug')
    .option('--central', 'of no tenant: for central routes');
}

/** @throws UsageError unless it is said whose */
export function checkOwner({ tenant, central = false }: OwnerOptions): void {
  if ((tenant !== undefined) === central)
    throw new UsageError('Give --tenant <tenant>, or --central.');
}

/**
 * Has `work` done with the keys of the owner.
 * @throws TenantNotFoundError
 */
export async function withKeys<T>(
  app: App,
  { tenant: reference }: OwnerOptions,
  work: (keys: OwnedApiKeys) => Promise<T>,
): Promise<T> {
  if (reference === undefined) return work(app.apiKeys.central);
  const tenant = await app.registry.byReference(reference);
  // Not `Tenancy.run`, which may refuse one whose database is behind: its keys are in the central one.
  return runForTenant(tenant, () => work(app.apiKeys));
}
