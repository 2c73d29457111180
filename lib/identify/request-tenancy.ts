import type { TenancyContext } from '../context/tenant-context.js';
import type { Outcome } from './outcome.js';

/** What the middleware found out about a request, for the guard and the interceptor. */
export interface RequestTenancy {
  readonly outcome: Outcome;
  /** The very context that the rest of the request runs in, unless something on its way loses it. */
  readonly context: TenancyContext;
}

const TENANCY = Symbol.for('nestjs-tenancy:request');

/** On the request itself: a WeakMap of requests costs 3 µs more for each. */
interface RememberingRequest {
  [TENANCY]?: RequestTenancy;
}

/** @param request as a middleware gets it: Express's request, or the raw one of Fastify */
export function rememberTenancy(request: object, tenancy: RequestTenancy): void {
  (request as RememberingRequest)[TENANCY] = tenancy;
}

/** @param request as a guard gets it; Fastify's holds the one that the middleware had in `raw` */
export function tenancyOf(
  request: RememberingRequest & { readonly raw?: unknown },
): RequestTenancy | undefined {
  const known = request[TENANCY];
  if (known !== undefined) return known;
  return isObject(request.raw) ? (request.raw as RememberingRequest)[TENANCY] : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
