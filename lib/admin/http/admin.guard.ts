import {
  ForbiddenException,
  Inject,
  Injectable,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { isObservable, lastValueFrom } from 'rxjs';
import { ADMIN_GUARDS } from '../admin-options.js';
import { AdminGuardRequiredError } from '../errors.js';
import type { AdminRequest } from '../admin-options.js';
import { AdminAudit } from './admin-audit.js';
import { AdminPort } from './admin-port.js';
import { rememberOperator } from './operators.js';

/** Lets pass whom every guard of the options lets pass, by the port that the API is served at. */
@Injectable()
export class AdminGuard implements CanActivate {
  constructor(
    @Inject(ADMIN_GUARDS) private readonly guards: readonly CanActivate[],
    private readonly audit: AdminAudit,
    private readonly port: AdminPort,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AdminRequest>();
    this.port.verify(request);
    try {
      await this.verify(context);
    } catch (error) {
      await this.audit.tell(context, { error });
      throw error;
    }
    rememberOperator(request);
    return true;
  }

  private async verify(context: ExecutionContext): Promise<void> {
    // The app has not started then; nobody is let in by there being nobody to ask.
    if (this.guards.length === 0) throw new AdminGuardRequiredError('it was given no guard');
    for (const guard of this.guards) {
      const answer = guard.canActivate(context);
      const passes: unknown = await (isObservable(answer) ? lastValueFrom(answer) : answer);
      if (passes !== true) throw new ForbiddenException();
    }
  }
}
