import type { ContextsApp } from './app.js';
import type { Seen } from './sense.js';

// Nothing in this folder but the specification itself uses jest, and what is tried is imported as `nestjs-tenancy`: so
// that the same entry points are tried in an app that has the package installed, on other versions of NestJS.

/** Empty databases for one app. */
export interface Databases {
  readonly centralUrl: string;
  readonly serverUrl: string;
  readonly databasePrefix: string;
}

/** The two tenants of every app here. What they keep is under the same keys. */
export const TENANTS = ['first', 'second'] as const;
export type Slug = (typeof TENANTS)[number];

/** A way in which work reaches an app: a request, a job, a message, a tick. Those of a file are its `entryPoints`. */
export interface EntryPoint {
  /** As in the table of entry points in docs/10-ADVANCED_TOPICS.md. */
  readonly name: string;
  /** The code of the error that work without a tenant is refused with. */
  readonly refusal: string;
  /** Starts an app with this entry point: `startContextsApp` with what the entry point takes. */
  start(databases: Databases): Promise<StartedEntryPoint>;
}

export interface StartedEntryPoint {
  readonly app: ContextsApp;
  /**
   * Has the app do one unit of work for a tenant, from outside, and gives what was seen in it: the handler calls
   * `Witness.look(key)`.
   */
  enter(tenant: Slug, key: string): Promise<Seen>;
  /**
   * As `enter`, with a throw in the midst of the work: the handler calls `Witness.fail(key)`. Resolves when the failure
   * has come out as it should (an answer of 500, a failed job), rejects when it has not. Where the entry point tries
   * again by itself, resolves to what was seen then.
   */
  fail(tenant: Slug, key: string): Promise<Seen | void>;
  /** Tries the same for no tenant. Gives the code of the error; anything else when it was not refused. */
  withoutTenant(key: string): Promise<unknown>;
  /** Closes the app, and what else was started. */
  stop(): Promise<void>;
}
