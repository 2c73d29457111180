import type { ExecutionContext } from '@nestjs/common';
import { perRoute } from '../identify/per-route.js';
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

/** What the controller and the route use together, and the name that the usage log has for it. */
export const usesOf = perRoute(({ controller, handler }) => ({
  source: `${controller.name}.${handler.name}`,
  uses: [controller, handler].flatMap((target): readonly RouteUse[] => {
    const uses: unknown = Reflect.getMetadata(ROUTE_USES, target);
    return isList(uses) ? uses : [];
  }),
}));

/** Nobody else writes under this key. */
function isList(value: unknown): value is readonly RouteUse[] {
  return Array.isArray(value);
}
