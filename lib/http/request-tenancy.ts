import type { ExecutionContext } from '@nestjs/common';
import type { TenancyContext } from '../context/tenant-context.js';
import type { Outcome } from '../identify/outcome.js';

/** What the middleware found out about a request, for the guard and the interceptor. */
export interface RequestTenancy {
  readonly outcome: Outcome;
  /** The very context that the rest of the request runs in, unless something on its way loses it. */
  readonly context: TenancyContext;
}

const requests = new WeakMap<object, RequestTenancy>();

/** @param request as a middleware gets it: Express's request, or the raw one of Fastify */
export function rememberTenancy(request: object, tenancy: RequestTenancy): void {
  requests.set(request, tenancy);
}

/** @param request as a guard gets it; Fastify's holds the one that the middleware had in `raw` */
export function tenancyOf(request: object): RequestTenancy | undefined {
  const known = requests.get(request);
  if (known !== undefined) return known;
  return 'raw' in request && isObject(request.raw) ? requests.get(request.raw) : undefined;
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
