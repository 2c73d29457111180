import type { JobsOptions } from 'bullmq';
import { markWith, withOwnNames } from './job-tenant.js';
import { activeMetadata, type Telemetry } from './tenant-telemetry.js';

/** The options of a job that is added for a tenant: marked as the tenant's, every name in them the tenant's own. */
export function tenantOptions(
  tenant: { readonly id: string },
  name: string,
  options: JobsOptions,
  telemetry: Telemetry | undefined,
): JobsOptions {
  const { metadata, omitContext } = options.telemetry ?? {};
  const own = metadata ?? (omitContext ? '' : activeMetadata(telemetry));
  return {
    ...withOwnNames(tenant.id, name, options),
    telemetry: { ...options.telemetry, metadata: markWith(tenant.id, own) },
  };
}
