import type { QueueBaseOptions } from 'bullmq';
import { currentTenant } from '../context/tenant-context.js';
import { markWith, metadataOf } from './job-tenant.js';

export type Telemetry = NonNullable<QueueBaseOptions['telemetry']>;

const composed = new WeakSet<Telemetry>();

/** The app's own telemetry, its metadata travelling behind the tenant's mark. */
export function composeTelemetry(own: Telemetry): Telemetry {
  if (composed.has(own)) return own;
  const { tracer, contextManager, meter } = own;
  const telemetry: Telemetry = {
    tracer,
    ...(meter && { meter }),
    contextManager: {
      with: (context, work) => contextManager.with(context, work),
      active: () => contextManager.active(),
      getMetadata: (context) => {
        const metadata = contextManager.getMetadata(context);
        const tenant = currentTenant();
        return tenant === undefined ? metadata : markWith(tenant.id, metadata);
      },
      fromMetadata: (active, marked) => {
        const metadata = metadataOf(marked);
        return metadata === '' ? active : contextManager.fromMetadata(active, metadata);
      },
    },
  };
  composed.add(telemetry);
  return telemetry;
}

/** The metadata of the running code, for what BullMQ does not ask the telemetry for. */
export function activeMetadata(telemetry: Telemetry | undefined): string {
  if (telemetry === undefined) return '';
  const { contextManager } = telemetry;
  return metadataOf(contextManager.getMetadata(contextManager.active()));
}
