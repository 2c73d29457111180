import type { ServerKind } from '../../test/support/servers/index.js';

export const VARIANTS = [
  'single',
  'single-als',
  'tenancy',
  'whole-stack',
  'request-scope',
  'durable',
  'cls',
  'discriminator',
] as const;
/**
 * The way in which an app server does tenancy. `tenancy` is this package, `whole-stack` is it with quotas, API keys,
 * maintenance and audit; the others are in `bench/baselines/`.
 */
export type Variant = (typeof VARIANTS)[number];

export const ADAPTERS = ['fastify', 'express'] as const;
export type Adapter = (typeof ADAPTERS)[number];

/** What a bench command tells an app server that it starts. */
export interface AppSettings {
  readonly variant: Variant;
  readonly adapter: Adapter;
  readonly server: ServerKind;
  /** Of the database server, without a database: `mariadb://root@127.0.0.1:3306`. */
  readonly url: string;
  /** Connections that `single`, `discriminator` and `tenancy` may open to it. */
  readonly maxConnections: number;
  /** The URL of the Redis that `whole-stack` counts in. */
  readonly redis?: string;
  /** Tenants that `whole-stack` makes API keys for. */
  readonly tenants?: number;
  /** Services that the controller hangs on: see `app/services.ts`. */
  readonly services: number;
  /** Measure in the process how long each request takes: see `app/request-spans.ts`. */
  readonly spans: boolean;
}

/** The database of `single` and `discriminator`, with all tenants' rows. */
export const SHARED_DATABASE = 'bench_shared';
export const CENTRAL_DATABASE = 'bench_central';
/** What the names of tenant databases start with. */
export const DATABASE_PREFIX = 'bench_';

/** The slug of the `index`th tenant: `t0`, `t1`, … */
export function slugOf(index: number): string {
  return `t${index}`;
}

/** The database of the tenant with this slug. */
export function databaseOf(slug: string): string {
  return `${DATABASE_PREFIX}${slug}`;
}
