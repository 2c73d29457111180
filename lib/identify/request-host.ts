import type { IdentifiableRequest } from '../options/identifier.js';
import { normaliseHost } from '../tenant/host.js';

/**
 * The normalised host that `request` is for, or undefined when it has none that is a host name. `hostname` comes first:
 * Express and Fastify take the forwarded host into it when the app trusts its proxy, and only then.
 */
export function requestHost(request: IdentifiableRequest): string | undefined {
  const host = request.hostname ?? request.headers.host;
  return typeof host === 'string' ? normaliseHost(host) : undefined;
}
