import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { catchError, concatMap, defer, Observable } from 'rxjs';
import { currentContext, runDetached } from '../../context/tenant-context.js';
import { AdminTenants } from '../tenants/admin-tenants.js';
import type { AdminRequest } from '../admin-options.js';
import { AdminAudit } from './admin-audit.js';
import { rememberTarget } from './target-tenant.js';

/** Finds the tenant of the path, runs the handler, and tells of the call before it is answered. */
@Injectable()
export class AdminInterceptor implements NestInterceptor {
  constructor(
    private readonly audit: AdminAudit,
    private readonly tenants: AdminTenants,
    private readonly host: HttpAdapterHost,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    this.host.httpAdapter.setHeader(http.getResponse(), 'Cache-Control', 'no-store');
    const handled = defer(() => this.findTarget(http.getRequest<AdminRequest>())).pipe(
      concatMap(() => next.handle()),
    );
    return undisturbed(http.getRequest<object>(), handled).pipe(
      catchError(async (error: unknown) => {
        await this.audit.tell(context, { error });
        throw error;
      }),
      concatMap(async (result: unknown) => {
        await this.audit.tell(context, { result });
        return result;
      }),
    );
  }

  private async findTarget(request: AdminRequest): Promise<void> {
    const { params } = request;
    if (typeof params !== 'object' || params === null || !('tenant' in params)) return;
    rememberTarget(request, await this.tenants.get(String(params.tenant)));
  }
}

/** A client that goes away does not have what it began aborted half-way. */
function undisturbed(request: object, handled: Observable<unknown>): Observable<unknown> {
  return new Observable((subscriber) =>
    runDetached('a call of the admin API', () => {
      const context = currentContext();
      // Whose steps the audit log asks it for.
      if (context !== undefined) context.work.request = request;
      return handled.subscribe(subscriber);
    }),
  );
}
