import { unknownKey } from '../options/unknown-key.js';
import type { ResolvedCacheOptions, TenantCacheOptions } from './cache-options.js';
import { CacheOptionsError } from './errors.js';

/** @throws CacheOptionsError */
export function resolveCacheOptions(
  given: TenantCacheOptions,
  hasRedis: boolean,
): ResolvedCacheOptions {
  const store = given.store ?? (hasRedis ? 'redis' : 'memory');
  const resolved: ResolvedCacheOptions = {
    store,
    centralStore: given.centralStore ?? (store === 'database' ? 'memory' : store),
    ttl: given.ttl ?? 0,
    memoryInFront: given.memoryInFront ?? false,
    staleness: given.staleness ?? 5_000,
    maxEntries: given.maxEntries ?? 10_000,
    onFailure: given.onFailure ?? 'bypass',
  };
  // `isGlobal` is the module's.
  const unknown = unknownKey(given, [...Object.keys(resolved), 'isGlobal']);
  if (unknown !== undefined) throw new CacheOptionsError(`${unknown}.`);
  refuseNumber('ttl', resolved.ttl, 0);
  refuseNumber('staleness', resolved.staleness, 1);
  refuseNumber('maxEntries', resolved.maxEntries, 1);
  refuseStore('store', resolved.store, ['memory', 'redis', 'database']);
  refuseStore('centralStore', resolved.centralStore, ['memory', 'redis']);
  if (!['bypass', 'fail'].includes(resolved.onFailure)) {
    throw new CacheOptionsError("onFailure must be 'bypass' or 'fail'.");
  }
  if (resolved.memoryInFront && store === 'memory') {
    throw new CacheOptionsError(
      "memoryInFront is for a store that is not memory itself: give store: 'redis', or leave it out.",
    );
  }
  return resolved;
}

function refuseNumber(name: string, value: unknown, least: number): void {
  if (Number.isInteger(value) && Number(value) >= least) return;
  throw new CacheOptionsError(`${name} must be an integer of at least ${least}.`);
}

function refuseStore(name: string, value: unknown, names: readonly string[]): void {
  if (typeof value === 'object' && value !== null) return;
  if (typeof value === 'string' && names.includes(value)) return;
  const quoted = names.map((one) => `'${one}'`).join(', ');
  throw new CacheOptionsError(`${name} must be ${quoted} or a store of Keyv.`);
}
