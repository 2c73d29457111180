import type { ExecutionContext, Type } from '@nestjs/common';

type Handler = ReturnType<ExecutionContext['getHandler']>;

/** A method of a controller, or of a resolver. */
export interface Route {
  readonly handler: Handler;
  readonly controller: Type;
}

/**
 * What `read` gives of a route, read once for each: metadata takes 2 µs, which is a part of what a request costs, and a
 * route's never changes. A handler that controllers inherit is one function, with a value for each of them.
 */
export function perRoute<T extends object | string>(
  read: (route: Route) => T,
): (context: ExecutionContext) => T {
  const known = new WeakMap<Handler, Map<Type, T>>();
  return (context) => {
    const handler = context.getHandler();
    const controller = context.getClass();
    const before = known.get(handler)?.get(controller);
    if (before !== undefined) return before;
    const value = read({ handler, controller });
    const values = known.get(handler) ?? new Map<Type, T>();
    known.set(handler, values.set(controller, value));
    return value;
  };
}
