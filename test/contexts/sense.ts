import type { ModuleMetadata } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';

/** What is looked at: each was left as the tenant's own before, and is compared with its slug. */
export type SenseName = 'database' | 'cache' | 'session' | 'storage' | 'log';

/** Whose each thing was: a slug. What every entry point has is looked at by {@link Sense}s, a session by its own. */
export type Seen = { readonly [name in SenseName]?: string };

/** One place that a tenant keeps things in, looked at in every unit of work. */
export interface Sense extends Pick<ModuleMetadata, 'imports' | 'providers'> {
  readonly name: SenseName;
  /** Leaves `slug` under `key`; called in the tenant's context, for each tenant with the same keys. */
  leave(app: ModuleRef, key: string, slug: string): Promise<void>;
  /** Whose is what is under `key`; called in the unit of work. */
  look(app: ModuleRef, key: string): Promise<string>;
}
