import type { ExecutionContext } from '@nestjs/common';
import type { QuotaKey } from '../options/quota-options.js';

/** What a route uses of a quota. */
export interface RouteUse {
  readonly key: QuotaKey;
  readonly cost: number | ((context: ExecutionContext) => number);
}

const ROUTE_USES = 'nestjs-tenancy:quota-uses';

/** @param target a handler or a controller */
export function rememberUse(target: object, use: RouteUse): void {
  const own: unknown = Reflect.getOwnMetadata(ROUTE_USES, target);
  Reflect.defineMetadata(ROUTE_USES, [...(isList(own) ? own : []), use], target);
}

export function usesOf(context: ExecutionContext): readonly RouteUse[] {
  return [context.getClass(), context.getHandler()].flatMap((target) => {
    const uses: unknown = Reflect.getMetadata(ROUTE_USES, target);
    return isList(uses) ? uses : [];
  });
}

/** Nobody else writes under this key. */
function isList(value: unknown): value is readonly RouteUse[] {
  return Array.isArray(value);
}
