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

export interface CreateTenantOptions {
  /**
   * Told of the new tenant's id before anything of it is there; waited for, and what it throws keeps the creation from
   * beginning. Called again when another id is tried: the last one counts.
   */
  readonly announce?: (tenantId: string) => Promise<void>;
}

/** What of a tenant may be changed. */
export interface UpdateTenant {
  readonly slug?: string;
  readonly name?: string;
  /**
   * Replaces the settings as a whole. A function makes the new ones of those that there are, while nobody else, in whichever
   * process, can change the tenant: for changes of one setting, which must not undo another's.
   */
  readonly settings?: TenantSettings | ((settings: TenantSettings) => TenantSettings);
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

/** Bytes of settings as JSON: what MySQL's and MariaDB's TEXT holds. */
const MOST_SETTINGS = 65_535;

/** @throws TenantInputError */
export function checkSettings(settings: TenantSettings): TenantSettings {
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    throw new TenantInputError('settings', 'must be an object');
  }
  if (Buffer.byteLength(JSON.stringify(settings)) > MOST_SETTINGS) {
    throw new TenantInputError('settings', `must be ${MOST_SETTINGS} bytes of JSON at most`);
  }
  return settings;
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
