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
import { AdminAudit } from './admin-audit.js';
import { rememberOperator } from './operators.js';

/** Lets pass whom every guard of the options lets pass. */
@Injectable()
export class AdminGuard implements CanActivate {
  constructor(
    @Inject(ADMIN_GUARDS) private readonly guards: readonly CanActivate[],
    private readonly audit: AdminAudit,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    try {
      await this.verify(context);
    } catch (error) {
      await this.audit.tell(context, { error });
      throw error;
    }
    rememberOperator(context.switchToHttp().getRequest<object>());
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
