import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { requestOf } from '../identify/request-of.js';
import { ImpersonationService } from './impersonation.service.js';

/**
 * Has requests of a session that was made of an impersonation know who acts in them, and refuses what these may not. Put
 * it after what authenticates: `@UseGuards(AuthGuard, ImpersonationGuard)`.
 */
@Injectable()
export class ImpersonationGuard implements CanActivate {
  constructor(private readonly impersonations: ImpersonationService) {}

  canActivate(context: ExecutionContext): boolean {
    const impersonation = this.getImpersonation(context);
    if (impersonation == null) return true;
    this.impersonations.resume(impersonation, this.getMethod(context));
    return true;
  }

  /**
   * What `ImpersonationService.redeem()` gave, or nothing where the user is who it seems. Default: `session.impersonation`
   * of the request, of HTTP or of GraphQL. Override it for where the app keeps it: in a signed token, say.
   */
  protected getImpersonation(context: ExecutionContext): unknown {
    return requestIn(context)?.session?.impersonation;
  }

  /** The method of the request; undefined where there is none, which counts as what may change something. */
  protected getMethod(context: ExecutionContext): string | undefined {
    return requestIn(context)?.method;
  }
}

interface SessionRequest {
  readonly method?: string;
  readonly session?: { readonly impersonation?: unknown } | null;
}

function requestIn(context: ExecutionContext): SessionRequest | undefined {
  return requestOf(context);
}
