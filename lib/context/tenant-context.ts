import { AsyncLocalStorage } from 'node:async_hooks';
import type { CurrentTenant } from './current-tenant.js';
import { TenantContextMissingError, TenantSwitchRefusedError } from './errors.js';
import type { Impersonator } from './impersonator.js';
import type { UnitOfWork } from './unit-of-work.js';

/** What the running code works for: one tenant, or the central side, with the reason it gave. */
export type TenancyContext = { readonly work: UnitOfWork } & (
  | { readonly tenant: CurrentTenant; readonly centralReason?: undefined }
  | { readonly tenant?: undefined; readonly centralReason: string }
);

/**
 * The AsyncLocalStorage behind {@link Tenancy}. One per process even if the package is loaded twice (CommonJS and ES
 * module), hence on `globalThis`. Entered by `run` only: `enterWith` leaks into the next request of a keep-alive socket.
 */
const STORAGE: unique symbol = Symbol.for('nestjs-tenancy:context');
const shared = globalThis as { [STORAGE]?: AsyncLocalStorage<TenancyContext> };
const storage = (shared[STORAGE] ??= new AsyncLocalStorage<TenancyContext>());

/** The context of the running code, or undefined where neither a tenant nor central work was entered. */
export function currentContext(): TenancyContext | undefined {
  return storage.getStore();
}

/** The tenant of the running code, or undefined. */
export function currentTenant(): CurrentTenant | undefined {
  return storage.getStore()?.tenant;
}

/**
 * The tenant of the running code.
 * @param operation what needs it, for the error
 * @throws TenantContextMissingError
 */
export function requireTenant(operation: string): CurrentTenant {
  const context = storage.getStore();
  if (context?.tenant === undefined) {
    throw new TenantContextMissingError(operation, context?.centralReason);
  }
  return context.tenant;
}

/**
 * Runs `work` for `tenant`, in everything it calls and awaits; restores what was before, also after a throw.
 * @param signal makes this a unit of work of its own, aborted by it; without one it is part of the outer one
 * @throws TenantSwitchRefusedError inside the context of another tenant
 */
export function runForTenant<T>(
  tenant: CurrentTenant,
  work: () => T,
  signal?: UnitOfWork['signal'],
): T {
  const outer = storage.getStore();
  if (outer?.tenant !== undefined && outer.tenant.id !== tenant.id) {
    throw new TenantSwitchRefusedError(outer.tenant.slug, `tenant "${tenant.slug}"`);
  }
  return storage.run({ tenant, work: unitOfWork(outer, signal) }, work);
}

/** Runs `work` without a tenant. Tenant-bound operations throw in it, naming `reason`. */
export function runCentrally<T>(reason: string, work: () => T, signal?: UnitOfWork['signal']): T {
  const outer = storage.getStore();
  return storage.run({ centralReason: reason, work: unitOfWork(outer, signal) }, work);
}

/** As {@link runCentrally}, for what outlives the work that happens to start it, and must not keep it in memory. */
export function runDetached<T>(reason: string, work: () => T): T {
  return storage.run({ centralReason: reason, work: { wrote: false } }, work);
}

/** Runs `work` in a context captured before: for code whose caller has lost it. */
export function runInContext<T>(context: TenancyContext, work: () => T): T {
  return storage.run(context, work);
}

/** From now on the running unit of work reads from where it writes. */
export function rememberWrite(): void {
  const context = storage.getStore();
  if (context !== undefined) context.work.wrote = true;
}

/** The HTTP request that the running code serves, or undefined where it serves none. */
export function currentRequest(): object | undefined {
  return storage.getStore()?.work.request;
}

/** Who acts in the running unit of work in the place of a tenant's user. */
export function currentImpersonator(): Impersonator | undefined {
  return storage.getStore()?.work.impersonator;
}

/** From now on the running unit of work knows that somebody acts in the place of the user. */
export function rememberImpersonator(impersonator: Impersonator): void {
  const context = storage.getStore();
  if (context !== undefined) context.work.impersonator = impersonator;
}

function unitOfWork(outer: TenancyContext | undefined, signal: UnitOfWork['signal']): UnitOfWork {
  if (signal !== undefined) return { signal, wrote: false };
  return outer?.work ?? { wrote: false };
}
