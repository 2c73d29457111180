import {
  HttpException,
  HttpStatus,
  Inject,
  Injectable,
  type ExecutionContext,
} from '@nestjs/common';
import { TenancyEvents, type AdminRequestEvent } from '../../tenant/tenancy-events.js';
import { ADMIN_OPTIONS, type AdminRequest, type ResolvedAdminOptions } from '../admin-options.js';
import { actionOf } from './admin-action.js';
import { targetOf } from './target-tenant.js';

/** How a call ended. */
type Ending = { readonly result: unknown } | { readonly error: unknown };

/** Who asked for what, and what came of it: of every call, also of those that were refused. */
@Injectable()
export class AdminAudit {
  constructor(
    private readonly events: TenancyEvents,
    @Inject(ADMIN_OPTIONS) private readonly options: ResolvedAdminOptions,
  ) {}

  actorOf(request: AdminRequest): string | null {
    return this.options.actor(request) ?? null;
  }

  async tell(context: ExecutionContext, ending: Ending): Promise<void> {
    const request = context.switchToHttp().getRequest<AdminRequest>();
    const event: AdminRequestEvent = {
      action: actionOf(context),
      actor: this.actorOf(request),
      tenant: targetOf(request)?.id ?? namedIn(request) ?? madeBy(ending),
      ...('error' in ending ? failureOf(ending.error) : { outcome: 'success' }),
    };
    await this.events.told('admin.request', event);
  }
}

/** What the path names a tenant by. */
function namedIn({ params }: AdminRequest): string | undefined {
  if (typeof params !== 'object' || params === null || !('tenant' in params)) return undefined;
  return typeof params.tenant === 'string' ? params.tenant.slice(0, 255) : undefined;
}

/** The tenant that was not there before. */
function madeBy(ending: Ending): string | null {
  if ('error' in ending || typeof ending.result !== 'object' || ending.result === null) return null;
  const { result } = ending;
  return 'slug' in result && 'id' in result && typeof result.id === 'string' ? result.id : null;
}

function failureOf(error: unknown): Pick<AdminRequestEvent, 'outcome' | 'code'> {
  if (!(error instanceof HttpException)) return { outcome: 'failed' };
  const outcome = error.getStatus() < HttpStatus.INTERNAL_SERVER_ERROR ? 'refused' : 'failed';
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { outcome, ...code };
}
