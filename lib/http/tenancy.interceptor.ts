import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Observable } from 'rxjs';
import { currentContext, runInContext } from '../context/tenant-context.js';
import { requestOf } from '../identify/request-of.js';
import { tenancyOf } from '../identify/request-tenancy.js';

/**
 * Runs handlers in their request's context behind something that loses it, such as a middleware that goes on from the
 * callback of a shared socket: `@UseInterceptors(TenancyInterceptor)`. The guard refuses such requests without it.
 */
@Injectable()
export class TenancyInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = this.getRequest(context);
    const tenancy = request && tenancyOf(request);
    if (tenancy === undefined || tenancy.context === currentContext()) return next.handle();
    return new Observable((subscriber) =>
      runInContext(tenancy.context, () => next.handle().subscribe(subscriber)),
    );
  }

  /** The HTTP request of `context`, or undefined where there is none. Override it for other transports. */
  protected getRequest(context: ExecutionContext): object | undefined {
    return requestOf(context);
  }
}
