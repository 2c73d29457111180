import {
  HttpException,
  HttpStatus,
  Inject,
  Injectable,
  Logger,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { catchError, concatMap, concatWith, defer, ignoreElements, type Observable } from 'rxjs';
import { currentContext } from '../context/tenant-context.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import type { AuditEvent } from './audit-entry.js';
import { AuditService } from './audit.service.js';
import { auditedRouteOf } from './audited-route.js';
import { AuditKeyMissingError } from './errors.js';

/** What Express and Fastify have in common of a request. */
interface RequestParts {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Records what `@Audit()` says, before the answer goes out. */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  /** @throws AuditKeyMissingError when the app starts */
  constructor(
    private readonly audit: AuditService,
    @Inject(TENANCY_OPTIONS) options: ResolvedTenancyOptions,
  ) {
    if (options.audit.keys.length === 0) throw new AuditKeyMissingError();
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    rememberRequest(context);
    let recorded: Promise<void> | undefined;
    const succeed = (result?: unknown) =>
      (recorded ??= this.audit.record(eventOf(context, { outcome: 'success' }, result)));
    return next.handle().pipe(
      catchError(async (error: unknown) => {
        await this.recordFailure(context, error);
        throw error;
      }),
      concatMap(async (result: unknown) => {
        await succeed(result);
        return result;
      }),
      // Of a handler that gives nothing at all.
      concatWith(defer(() => succeed()).pipe(ignoreElements())),
    );
  }

  /** When that fails, the answer is that; what the handler failed with is not lost by it. */
  private async recordFailure(context: ExecutionContext, error: unknown): Promise<void> {
    try {
      await this.audit.record(eventOf(context, failureOf(error)));
    } catch (unrecorded) {
      logFailure(context, 'failed, and that could not be recorded', error);
      throw unrecorded;
    }
  }
}

const logger = new Logger('Tenancy');

function logFailure(context: ExecutionContext, what: string, error: unknown): void {
  const { action } = auditedRouteOf(context);
  logger.error(`${action} ${what}`, error instanceof Error ? error.stack : String(error));
}

/** Guards have told by now who it is; on Fastify only this request knows, and not the one that the middleware had. */
function rememberRequest(context: ExecutionContext): void {
  const current = currentContext();
  if (context.getType() !== 'http' || current === undefined) return;
  current.work.request = context.switchToHttp().getRequest<object>();
}

function eventOf(
  context: ExecutionContext,
  { outcome, error }: Pick<AuditEvent, 'outcome'> & { readonly error?: object },
  result?: unknown,
): AuditEvent {
  const { action, route } = auditedRouteOf(context);
  const parts =
    context.getType() === 'http' ? context.switchToHttp().getRequest<RequestParts>() : undefined;
  const headers = route.headers?.map((name) => [name, parts?.headers[name.toLowerCase()]]);
  return {
    action,
    outcome,
    details: {
      route: `${context.getClass().name}.${context.getHandler().name}`,
      ...(parts !== undefined && {
        params: parts.params,
        ...(route.query && { query: parts.query }),
        ...(route.body && { body: parts.body }),
        ...(headers !== undefined && { headers: Object.fromEntries(headers) }),
      }),
      ...(route.details !== undefined && { more: moreOf(context, result) }),
      ...(error !== undefined && { error }),
    },
  };
}

/** What the app's function throws must not keep the call out of the log, nor take the place of its answer. */
function moreOf(context: ExecutionContext, result: unknown): unknown {
  try {
    return auditedRouteOf(context).route.details?.(context, result);
  } catch (error) {
    logFailure(context, 'is recorded without its details, which threw', error);
    return '[failed]';
  }
}

/** Without its message, which may hold anything. */
function failureOf(error: unknown): Pick<AuditEvent, 'outcome'> & { readonly error: object } {
  if (!(error instanceof HttpException)) {
    const name = error instanceof Error ? error.name : typeof error;
    return { outcome: 'failed', error: { name } };
  }
  const status = error.getStatus();
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return {
    outcome: status < HttpStatus.INTERNAL_SERVER_ERROR ? 'refused' : 'failed',
    error: { name: error.name, status, ...code },
  };
}
