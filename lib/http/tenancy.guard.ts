import {
  Inject,
  Injectable,
  Optional,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { CurrentTenant } from '../context/current-tenant.js';
import { TENANT_GATE, type TenantGate } from '../context/tenancy.js';
import { currentTenant } from '../context/tenant-context.js';
import { verifyOutcome, verifyStatus } from '../identify/admission.js';
import { whenKnown } from '../identify/now-or-later.js';
import type { Outcome } from '../identify/outcome.js';
import { perRoute } from '../identify/per-route.js';
import { requestOf } from '../identify/request-of.js';
import { tenancyOf, type RequestTenancy } from '../identify/request-tenancy.js';
import { ROUTE_MODE } from '../identify/route-mode.js';
import type { RouteMode } from '../options/identifier.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import {
  MAINTENANCE_GATE,
  type MaintenanceGate,
  type Visitor,
} from '../tenant/maintenance-gate.js';
import { TenantContextLostError } from './errors.js';
import { TenancyInterceptor } from './tenancy.interceptor.js';

/**
 * Refuses what the middleware found out: a route that needs a tenant without one, a central route with one, a client
 * that may not act in the tenant, a tenant that is not served or in maintenance, one whose database is behind the code. It only
 * reads memory, unless the database may be behind. A request that the middleware was told to leave alone (`http.exclude`)
 * passes, without a tenant.
 */
@Injectable()
export class TenancyGuard implements CanActivate {
  private readonly hasCentralHosts: boolean;
  private readonly modeOf: (context: ExecutionContext) => RouteMode;

  constructor(
    @Inject(TENANCY_OPTIONS) { http }: ResolvedTenancyOptions,
    reflector: Reflector,
    @Optional() @Inject(TENANT_GATE) private readonly gate?: TenantGate,
    @Optional() @Inject(MAINTENANCE_GATE) private readonly maintenance?: MaintenanceGate,
  ) {
    this.hasCentralHosts = http.centralHosts.length > 0;
    this.modeOf = perRoute(
      ({ handler, controller }) =>
        reflector.getAllAndOverride<RouteMode | undefined>(ROUTE_MODE, [handler, controller]) ??
        http.defaultRouteMode,
    );
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = this.getRequest(context);
    const tenancy = request && tenancyOf(request);
    if (tenancy === undefined) return true;
    this.verify(tenancy.outcome, this.getRouteMode(context));
    if (!this.isInContext(tenancy) && !reenters(context)) {
      throw new TenantContextLostError(tenancy.context.tenant?.slug, currentTenant()?.slug);
    }
    const { outcome, context: entered } = tenancy;
    // What the app's guards find out is put on this one; on Fastify the middleware has had another.
    entered.work.request = request;
    return outcome.kind !== 'found' || this.admit(outcome.tenant, request as Visitor);
  }

  /** The HTTP request of `context`, or undefined where there is none to verify. Override it for other transports. */
  protected getRequest(context: ExecutionContext): object | undefined {
    return requestOf(context);
  }

  /** The mode of the route: the handler's, else the controller's, else `http.defaultRouteMode`. */
  protected getRouteMode(context: ExecutionContext): RouteMode {
    return this.modeOf(context);
  }

  /** Whether the running code is in the tenant that the middleware had entered. */
  protected isInContext({ context }: RequestTenancy): boolean {
    return context.tenant?.id === currentTenant()?.id;
  }

  /** @throws the error that the request is refused with */
  protected verify(outcome: Outcome, mode: RouteMode): void {
    verifyOutcome(outcome, mode, this.hasCentralHosts);
    if (outcome.kind === 'found') this.verifyStatus(outcome.tenant);
  }

  /** At once, unless something is to be asked or migrated first. @throws the error that the request is refused with */
  private admit(tenant: CurrentTenant, visitor: Visitor): boolean | Promise<boolean> {
    return whenKnown(this.maintenance?.refusalOf(tenant, visitor), (refusal) => {
      if (refusal !== undefined) throw refusal;
      const waiting = this.gate?.admit(tenant);
      return waiting === undefined || waiting.then(() => true);
    });
  }

  /** @throws the error that a tenant of this status is refused with */
  protected verifyStatus(tenant: CurrentTenant): void {
    verifyStatus(tenant);
  }
}

/** Under this key NestJS keeps what `@UseInterceptors()` was given. */
const USED_INTERCEPTORS = '__interceptors__';

/** Whether the route has the interceptor that enters the context again. */
function reenters(context: ExecutionContext): boolean {
  return [context.getHandler(), context.getClass()].some((target) => {
    const interceptors: unknown = Reflect.getMetadata(USED_INTERCEPTORS, target);
    return Array.isArray(interceptors) && interceptors.includes(TenancyInterceptor);
  });
}
