import type { ExecutionContext } from '@nestjs/common';
import type { TenancyContext } from '../context/tenant-context.js';
import type { Outcome } from '../identify/outcome.js';

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

/**
 * The HTTP request that `context` is about. GraphQL resolvers have it as `req` of GraphQL's own context, their third
 * argument. Undefined where there is none: sockets, microservices, subscriptions without it.
 */
export function requestOf(context: ExecutionContext): object | undefined {
  const type = context.getType<string>();
  if (type === 'http') return context.switchToHttp().getRequest<object>();
  if (type !== 'graphql') return undefined;
  const shared: unknown = context.getArgByIndex(2);
  return isObject(shared) && 'req' in shared && isObject(shared.req) ? shared.req : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
