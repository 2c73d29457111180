import type { CurrentTenant } from '../context/current-tenant.js';
import { currentTenant } from '../context/tenant-context.js';
import { OutgoingHostInvalidError } from './errors.js';

export interface OutgoingTenantOptions {
  /**
   * Who is told: `billing.internal` (on any port), `localhost:3001`, `*.svc.cluster.local` (every host below it). No
   * other host ever sees the header.
   */
  readonly hosts: readonly string[];
  /** The name of the header. Default `x-tenant`. */
  readonly header?: string;
  /** What stands in it. Default: the tenant's slug, which `byHeader` reads at the other end. */
  readonly value?: (tenant: CurrentTenant) => string;
}

const HOST = /^(\*\.)?[a-z\d]([a-z\d.-]*[a-z\d])?(:\d+)?$/i;
/** `*.com` would be everybody's. */
const WILDCARD_LABELS = 2;

/** The header that tells other services of one's own for which tenant they are called. */
export class TenantHeader {
  readonly name: string;
  private readonly hosts: readonly string[];
  private readonly valueOf: (tenant: CurrentTenant) => string;

  /** @throws OutgoingHostInvalidError */
  constructor({ hosts, header = 'x-tenant', value = ({ slug }) => slug }: OutgoingTenantOptions) {
    this.hosts = hosts.map(checkHost);
    this.name = header;
    this.valueOf = value;
  }

  /** What goes out to `url`; undefined without a tenant, and for a host that is not listed. */
  valueFor(url: URL): string | undefined {
    const tenant = currentTenant();
    return tenant !== undefined && this.isListed(url) ? this.valueOf(tenant) : undefined;
  }

  private isListed({ protocol, hostname, host, port }: URL): boolean {
    const withPort = port === '' ? `${host}:${protocol === 'https:' ? 443 : 80}` : host;
    return this.hosts.some((listed) => {
      const actual = listed.includes(':') ? withPort : hostname;
      return listed.startsWith('*.') ? actual.endsWith(listed.slice(1)) : actual === listed;
    });
  }
}

function checkHost(host: string): string {
  const isWide = host.startsWith('*.') && host.split('.').length <= WILDCARD_LABELS;
  if (!HOST.test(host) || isWide) throw new OutgoingHostInvalidError(host);
  return host.toLowerCase();
}
