import { applyDecorators, UseGuards } from '@nestjs/common';
import { ApiKeyGuard } from './api-key.guard.js';
import { rememberScopes } from './route-scopes.js';

/** Under this key NestJS keeps what `@UseGuards()` was given, in the order in which they run. */
const GUARDS = '__guards__';

/**
 * The route, or every route of the controller, needs an API key of its tenant, or on a central route a central one, that
 * has all of `scopes`. What a controller and its route name is needed together. It runs before the other guards of the
 * route, or of the controller, in whatever order they stand: what it refuses uses no quota.
 */
export function ApiKey(...scopes: readonly string[]): MethodDecorator & ClassDecorator {
  return applyDecorators(
    UseGuards(ApiKeyGuard),
    (target: object, _name?: unknown, descriptor?: PropertyDescriptor): void => {
      const guarded: object = descriptor === undefined ? target : descriptor.value;
      rememberScopes(guarded, scopes);
      guardFirst(guarded);
    },
  );
}

/** Only the order: should NestJS keep its guards elsewhere one day, the route is guarded all the same. */
function guardFirst(guarded: object): void {
  const guards: unknown = Reflect.getMetadata(GUARDS, guarded);
  if (!Array.isArray(guards)) return;
  const others = guards.filter((guard) => guard !== ApiKeyGuard);
  Reflect.defineMetadata(GUARDS, [ApiKeyGuard, ...others], guarded);
}
