import { Injectable, type NestMiddleware } from '@nestjs/common';
import {
  currentContext,
  runCentrally,
  runForTenant,
  type TenancyContext,
} from '../context/tenant-context.js';
import { IdentifierChain } from '../identify/chain.js';
import { isLater } from '../identify/now-or-later.js';
import type { Outcome } from '../identify/outcome.js';
import type { IdentifiableRequest } from '../options/identifier.js';
import { rememberTenancy } from './request-tenancy.js';

type Next = (error?: unknown) => void;

/**
 * Finds the tenant of a request and runs the rest of the request in its context; without a tenant, in a context where
 * every tenant-bound operation throws. Whether a request may go without one depends on its route, so the refusing is
 * left to the {@link TenancyGuard}. Errors of the search (the central database is down) go to `next` as they are.
 */
@Injectable()
export class TenancyMiddleware implements NestMiddleware<IdentifiableRequest, unknown> {
  constructor(private readonly chain: IdentifierChain) {}

  use(request: IdentifiableRequest, _response: unknown, next: Next): void | Promise<void> {
    let outcome: Outcome | Promise<Outcome>;
    try {
      outcome = this.chain.identify(request);
    } catch (error) {
      return next(error);
    }
    if (isLater(outcome)) return outcome.then((known) => enter(request, known, next), next);
    enter(request, outcome, next);
  }
}

function enter(request: IdentifiableRequest, outcome: Outcome, next: Next): void {
  const goOn = () => {
    // Set just above: both ways below enter a context before they call this.
    const context = currentContext() as TenancyContext;
    rememberTenancy(request, { outcome, context });
    next();
  };
  if (outcome.kind === 'found') runForTenant(outcome.tenant, goOn);
  else runCentrally('an HTTP request without a tenant', goOn);
}
