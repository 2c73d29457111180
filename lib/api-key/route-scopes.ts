import { perRoute } from '../identify/per-route.js';

const SCOPES = 'nestjs-tenancy:api-key-scopes';

/** @param target a handler or a controller */
export function rememberScopes(target: object, scopes: readonly string[]): void {
  Reflect.defineMetadata(SCOPES, scopes, target);
}

/** What the controller and the route ask for together. */
export const scopesOf = perRoute(({ controller, handler }): readonly string[] =>
  [controller, handler].flatMap((target) => {
    const scopes: unknown = Reflect.getMetadata(SCOPES, target);
    return isList(scopes) ? scopes : [];
  }),
);

/** Nobody else writes under this key. */
function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value);
}
