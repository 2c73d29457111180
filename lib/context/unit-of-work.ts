import type { Impersonator } from './impersonator.js';

/** One request, job or call of `tenancy.run`: what belongs to it as a whole, however its contexts nest. */
export interface UnitOfWork {
  /** Aborted when nobody waits for the outcome any more. A function, because most requests never ask. */
  readonly signal?: () => AbortSignal;
  /** True once it may have written: its reads must see that, so they leave the replicas. */
  wrote: boolean;
  /** The HTTP request that it serves, for what tells who asked. */
  request?: object;
  /** Who acts in it in the place of a tenant's user. */
  impersonator?: Impersonator;
}
