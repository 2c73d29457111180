import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { QuotaExceededError } from './errors.js';
import type { QuotaState } from './quota-state.js';
import { QuotaService } from './quota.service.js';
import { policyField, rateLimitField } from './rate-limit-fields.js';
import { usesOf } from './route-uses.js';

/** On the context itself, as `request-tenancy.ts` has it on the request. */
const DONE = Symbol('quotas used');

/**
 * Uses what `@Quota()` says of a route, and tells the client how it stands, in the fields `RateLimit-Policy` and
 * `RateLimit`. It runs after the global guards: what they refuse uses nothing.
 */
@Injectable()
export class QuotaGuard implements CanActivate {
  constructor(
    private readonly quotas: QuotaService,
    private readonly host: HttpAdapterHost,
  ) {}

  canActivate(context: ExecutionContext): true | Promise<true> {
    if (isDone(context)) return true;
    const { uses, source } = usesOf(context);
    const costs = uses.map(({ key, cost }) => ({
      key,
      cost: typeof cost === 'number' ? cost : cost(context),
    }));
    return this.quotas.consumeAll(costs, { source }).then(
      (states) => {
        this.tell(context, states);
        return true;
      },
      (error: unknown) => {
        if (error instanceof QuotaExceededError) this.tell(context, [error.state]);
        throw error;
      },
    );
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

/** A route and its controller may both have `@Quota()`, and so the guard: true from the second time on. */
function isDone(context: ExecutionContext & { [DONE]?: true }): boolean {
  const before = context[DONE] === true;
  context[DONE] = true;
  return before;
}
