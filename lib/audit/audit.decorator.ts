import {
  applyDecorators,
  SetMetadata,
  UseInterceptors,
  type ExecutionContext,
} from '@nestjs/common';
import { AuditInterceptor } from './audit.interceptor.js';
import { AUDITED_ROUTE } from './audited-route.js';

/** What of a request is recorded, beside its route and path parameters. All of it is redacted. */
export interface AuditRoute {
  /** Default false. */
  readonly query?: boolean;
  /** Default false. */
  readonly body?: boolean;
  /** Names of header fields. Default none. */
  readonly headers?: readonly string[];
  /**
   * Anything more; called once the handler has ended, with what it gave, or undefined after an error. What it throws is
   * logged, and the entry has `[failed]` in its place.
   */
  readonly details?: (context: ExecutionContext, result: unknown) => unknown;
}

/**
 * Records each call of the route that comes past the guards: who, with what outcome. The answer is sent once the entry is
 * committed. Not for handlers that answer by themselves, with `@Res()`.
 *
 * ```ts
 * @Post(':id/pay')
 * @Audit('invoice.paid')
 * pay(@Param('id') id: string) {}
 * ```
 */
export function Audit(action: string, route: AuditRoute = {}): MethodDecorator {
  return applyDecorators(
    SetMetadata(AUDITED_ROUTE, { action, route }),
    UseInterceptors(AuditInterceptor),
  );
}
