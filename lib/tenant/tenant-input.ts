import type { TenantSettings } from '../context/current-tenant.js';
import { TenantInputError } from './errors.js';
import { normaliseHost } from './host.js';
import { isSlug } from './slug.js';

/** What a new tenant is made of. */
export interface CreateTenant {
  /** A DNS label: 1 to 63 lower-case letters, digits and inner hyphens. */
  readonly slug: string;
  /** For people, up to 255 characters. Default: the slug. */
  readonly name?: string;
  /** Hosts that lead to the tenant; the first becomes its primary domain. */
  readonly domains?: readonly string[];
  readonly settings?: TenantSettings;
  /**
   * A server of `tenants.servers`, also one that is closed to new tenants. Default: the one that `tenants.place` chooses,
   * or with the fewest tenants for its weight. To be named for `adoptDatabase`, where there are several.
   */
  readonly server?: string;
  /** The name of the database to create. Default: `databasePrefix` and the slug. */
  readonly database?: string;
  /** The name of a database that is there already, to take over as it is: migrated, and never dropped. */
  readonly adoptDatabase?: string;
}

/** What of a tenant may be changed. */
export interface UpdateTenant {
  readonly slug?: string;
  readonly name?: string;
  /** Replaces the settings as a whole. */
  readonly settings?: TenantSettings;
}

/** @throws TenantInputError */
export function checkSlug(slug: string): string {
  if (typeof slug === 'string' && isSlug(slug)) return slug;
  throw new TenantInputError(
    'slug',
    `"${slug}" is not 1 to 63 lower-case letters, digits and inner hyphens`,
  );
}

/** @throws TenantInputError */
export function checkName(name: string): string {
  if (name.trim() !== '' && name.length <= 255) return name;
  throw new TenantInputError('name', 'must have 1 to 255 characters');
}

/** @throws TenantInputError */
export function checkSettings(settings: TenantSettings): TenantSettings {
  if (typeof settings === 'object' && settings !== null && !Array.isArray(settings))
    return settings;
  throw new TenantInputError('settings', 'must be an object');
}

/**
 * The one spelling of a host.
 * @throws TenantInputError
 */
export function checkHost(host: string): string {
  const normalised = normaliseHost(host);
  if (normalised !== undefined) return normalised;
  throw new TenantInputError('domain', `"${host}" is not a host name`);
}
