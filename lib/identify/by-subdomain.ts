import { TenancyOptionsError } from '../options/errors.js';
import type { Identifier } from '../options/identifier.js';
import { normaliseHost } from '../tenant/host.js';
import { requestHost } from './request-host.js';

export interface BySubdomainOptions {
  /** The host, or hosts, that the tenants' slugs stand before: `app.example.com` for `acme.app.example.com`. */
  readonly of: string | readonly string[];
  /** Subdomains that are no slug. Default `['www']`. */
  readonly ignore?: readonly string[];
}

/**
 * Finds the tenant whose slug is the one label before a host of `of`. Deeper subdomains (`a.b.app.example.com`) name no
 * tenant.
 * @throws TenancyOptionsError when `of` holds something that is no host name
 */
export function bySubdomain(options: BySubdomainOptions): Identifier {
  const hosts = [options.of].flat().map(hostOption);
  const suffixes = hosts.map((host) => `.${host}`);
  const ignored = new Set((options.ignore ?? ['www']).map((label) => label.toLowerCase()));
  return {
    name: 'subdomain',
    forgeable: false,
    identify(request) {
      const host = requestHost(request);
      if (host === undefined || hosts.includes(host)) return undefined;
      for (const suffix of suffixes) {
        if (!host.endsWith(suffix)) continue;
        const label = host.slice(0, -suffix.length);
        if (label.includes('.')) continue;
        return ignored.has(label) ? undefined : { kind: 'slug', value: label };
      }
      return undefined;
    },
  };
}

function hostOption(given: string): string {
  const host = normaliseHost(given);
  if (host !== undefined) return host;
  throw new TenancyOptionsError([
    {
      path: 'bySubdomain({ of })',
      problem: `"${given}" is no host name`,
      remedy:
        'Write the host that the slugs stand before, without scheme and star: app.example.com',
    },
  ]);
}
