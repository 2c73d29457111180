import { SetMetadata } from '@nestjs/common';
import type { RouteMode } from '../options/identifier.js';

/** The metadata key of a route's or controller's {@link RouteMode}. */
export const ROUTE_MODE = 'nestjs-tenancy:route-mode';

/** The route, or every route of the controller, is for requests of a tenant: others are answered 404. */
export const TenantRoute = () => setRouteMode('tenant');

/**
 * The route, or every route of the controller, is for requests without a tenant, and with `http.centralHosts` for those
 * hosts alone: others are answered 404.
 */
export const CentralRoute = () => setRouteMode('central');

/** The route, or every route of the controller, is for both: the handler finds out by `tenancy.current`. */
export const UniversalRoute = () => setRouteMode('universal');

function setRouteMode(mode: RouteMode) {
  return SetMetadata(ROUTE_MODE, mode);
}
