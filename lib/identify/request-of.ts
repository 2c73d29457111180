import type { ExecutionContext } from '@nestjs/common';

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
