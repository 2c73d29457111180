import type { Identifier } from '../options/identifier.js';
import { requestHost } from './request-host.js';

/** Finds the tenant that has the request's host as one of its domains. */
export function byDomain(): Identifier {
  return {
    name: 'domain',
    forgeable: false,
    identify(request) {
      const host = requestHost(request);
      return host === undefined ? undefined : { kind: 'domain', value: host };
    },
  };
}
