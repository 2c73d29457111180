import type { ExecutionContext } from '@nestjs/common';
import type { AuditRoute } from './audit.decorator.js';

/** Under this key a handler remembers what `@Audit()` says. */
export const AUDITED_ROUTE = 'nestjs-tenancy:audited-route';

export interface AuditedRoute {
  readonly action: string;
  readonly route: AuditRoute;
}

/** Nobody else writes under this key, and only what is audited is asked. */
export function auditedRouteOf(context: ExecutionContext): AuditedRoute {
  return Reflect.getMetadata(AUDITED_ROUTE, context.getHandler()) as AuditedRoute;
}
