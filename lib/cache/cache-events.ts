import type { Events } from 'cache-manager';
import { EventEmitter } from 'node:events';
import { currentTenant } from '../context/tenant-context.js';

type Listener = (...args: unknown[]) => void;

/**
 * What a cache tells of what is done in it, in the context of whoever does it. A listener that a tenant has added hears
 * of the tenant's own alone, also one that was added to what `on()` gives.
 */
export class CacheEvents extends EventEmitter {
  override emit(event: keyof Events, ...about: unknown[]): boolean {
    return super.emit(event, ...about);
  }

  override on(event: string | symbol, listener: Listener): this {
    return super.on(event, ofOwner(listener));
  }

  override addListener(event: string | symbol, listener: Listener): this {
    return super.addListener(event, ofOwner(listener));
  }

  override prependListener(event: string | symbol, listener: Listener): this {
    return super.prependListener(event, ofOwner(listener));
  }
}

function ofOwner(listener: Listener): Listener {
  const owner = currentTenant();
  if (owner === undefined) return listener;
  const own: Listener = (...about) => {
    if (currentTenant()?.id === owner.id) listener(...about);
  };
  // By this property EventEmitter finds it again for `off`.
  return Object.assign(own, { listener });
}
