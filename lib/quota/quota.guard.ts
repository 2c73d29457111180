import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { QuotaExceededError } from './errors.js';
import type { QuotaState } from './quota-state.js';
import { QuotaService } from './quota.service.js';
import { policyField, rateLimitField } from './rate-limit-fields.js';
import { usesOf } from './route-uses.js';

/**
 * Uses what `@Quota()` says of a route, and tells the client how it stands, in the fields `RateLimit-Policy` and
 * `RateLimit`. It runs after the global guards: what they refuse uses nothing.
 */
@Injectable()
export class QuotaGuard implements CanActivate {
  /** A route and its controller may both have `@Quota()`, and so this guard. */
  private readonly done = new WeakSet<ExecutionContext>();

  constructor(
    private readonly quotas: QuotaService,
    private readonly host: HttpAdapterHost,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.done.has(context)) return true;
    this.done.add(context);
    const uses = usesOf(context).map(({ key, cost }) => ({
      key,
      cost: typeof cost === 'number' ? cost : cost(context),
    }));
    try {
      const source = `${context.getClass().name}.${context.getHandler().name}`;
      this.tell(context, await this.quotas.consumeAll(uses, { source }));
      return true;
    } catch (error) {
      if (error instanceof QuotaExceededError) this.tell(context, [error.state]);
      throw error;
    }
  }

  /** Other transports than HTTP have no header fields. */
  protected tell(context: ExecutionContext, states: readonly QuotaState[]): void {
    const limited = states.filter(({ limit }) => limit !== null);
    if (context.getType() !== 'http' || limited.length === 0) return;
    const response: unknown = context.switchToHttp().getResponse();
    const { httpAdapter } = this.host;
    httpAdapter.setHeader(response, 'RateLimit-Policy', policyField(limited));
    httpAdapter.setHeader(response, 'RateLimit', rateLimitField(limited));
  }
}
