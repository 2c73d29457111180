import type { RegistryOptions, ServerOptions } from 'nestjs-tenancy';
import type { ServerKind } from '../../test/support/servers/index.js';

/**
 * `tenancy`: this package. `request-scope`: a DataSource with its own pool for each tenant. `first-come`: one pool of
 * mysql2 for all tenants, which serves whoever came first.
 */
export type PoolVariant = 'tenancy' | 'request-scope' | 'first-come';

/** What a command tells an app server whose pool it looks at. */
export interface PoolAppSettings {
  readonly variant: PoolVariant;
  readonly kind: ServerKind;
  /** Of the server that the central database is on, without a database. */
  readonly centralUrl: string;
  /** By name. The other variants take the first one's `url` and `maxConnections`. */
  readonly servers: Readonly<Record<string, ServerOptions>>;
  /** Of the variant `tenancy`. */
  readonly registry?: RegistryOptions;
}

/** What `central.maxConnections` is when the options do not say. */
export const CENTRAL_CONNECTIONS = 10;
/** Services that the controller hangs on: see `services.ts`. */
export const SERVICES_OF_CONTROLLER = 12;
