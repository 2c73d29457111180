import { applyDecorators, UseGuards, type ExecutionContext } from '@nestjs/common';
import type { QuotaKey } from '../options/quota-options.js';
import { QuotaGuard } from './quota.guard.js';
import { rememberUse } from './route-uses.js';

/** What a request costs: always the same, or by the request. */
export type RouteCost = number | ((context: ExecutionContext) => number);

/**
 * The route, or every route of the controller, uses a quota of its tenant: refused with 429, or 402, when it is used up.
 * What a controller and its route use together is used in one round trip, all of it or nothing.
 * @param cost default 1
 */
export function Quota(key: QuotaKey, cost: RouteCost = 1): MethodDecorator & ClassDecorator {
  return applyDecorators(
    (target: object, _name?: unknown, descriptor?: PropertyDescriptor) =>
      rememberUse(descriptor === undefined ? target : descriptor.value, { key, cost }),
    UseGuards(QuotaGuard),
  );
}
