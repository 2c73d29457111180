import { isTenantId } from './tenant-id.js';

const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Whether `value` may be a tenant's slug: 1 to 63 lower-case letters, digits and inner hyphens, so that it can stand
 * before a domain, and not of the form of an id, so that a value that names a tenant is one or the other.
 */
export function isSlug(value: string): boolean {
  return DNS_LABEL.test(value) && !isTenantId(value);
}
