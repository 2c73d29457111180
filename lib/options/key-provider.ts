import type { KeyObject } from 'node:crypto';
import type { CurrentTenant } from '../context/current-tenant.js';

/** A tenant's secret, of which the keys for each purpose are derived. */
export interface TenantKey {
  /** Names it, in messages and stored values, for whoever may read those: at most 64 of `A-Z a-z 0-9 . _ -`. */
  readonly id: string;
  /** A secret of 32 bytes: `createSecretKey(bytes)`. Give the same object again, so that what is derived of it is kept. */
  readonly key: KeyObject;
  /**
   * Milliseconds since 1970 from when on messages under this key are refused. What is stored under it stays readable.
   * Default: they are accepted.
   */
  readonly retiredAt?: number;
}

/**
 * Whose keys are asked for. Go by the `id`, which never changes: slug and settings do, and a database that is kept ready for
 * a tenant to come (`tenants.pending`) has those of nobody yet.
 */
export type KeyOwner = Pick<CurrentTenant, 'id' | 'slug' | 'settings'>;

/**
 * Where the keys of tenants come from: `MasterKeys`, or a key management service behind an implementation of your own.
 * It is asked for every message, every encrypted column, and for every tenant with an account of its own that is read from
 * the central database: answer from memory where you can, and bound what you wait for. Columns need an answer that is no
 * promise.
 */
export interface KeyProvider {
  /** The key that encrypts from now on. */
  current(tenant: KeyOwner): TenantKey | Promise<TenantKey>;
  /** The key of that id, as a message or a stored value names it; undefined when the tenant has none such. */
  find(tenant: KeyOwner, id: string): TenantKey | undefined | Promise<TenantKey | undefined>;
  /**
   * Every key that something may be stored under, in memory: what a searchable column is searched with. Default: the
   * current one alone, so that what was stored before a rotation is found when it has been encrypted anew.
   */
  stored?(tenant: KeyOwner): readonly TenantKey[];
  /** The key that will be the current one after the next rotation, for clients to have in time. Default: none. */
  next?(tenant: KeyOwner): TenantKey | Promise<TenantKey>;
}
