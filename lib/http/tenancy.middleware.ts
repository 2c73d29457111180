import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import {
  currentContext,
  runCentrally,
  runForTenant,
  type TenancyContext,
} from '../context/tenant-context.js';
import { IdentifierChain } from '../identify/chain.js';
import { isLater } from '../identify/now-or-later.js';
import type { Outcome } from '../identify/outcome.js';
import { rememberTenancy } from '../identify/request-tenancy.js';
import type { IdentifiableRequest } from '../options/identifier.js';
import { clientGone } from './client-gone.js';

type Next = (error?: unknown) => void;

/**
 * Finds the tenant of a request and runs the rest of the request in its context; without a tenant, in a context where
 * every tenant-bound operation throws. Whether a request may go without one depends on its route, so the refusing is
 * left to the {@link TenancyGuard}. Errors of the search (the central database is down) go to `next` as they are.
 */
@Injectable()
export class TenancyMiddleware implements NestMiddleware<IdentifiableRequest, ServerResponse> {
  constructor(private readonly chain: IdentifierChain) {}

  use(request: IdentifiableRequest, response: ServerResponse, next: Next): void | Promise<void> {
    let outcome: Outcome | Promise<Outcome>;
    try {
      outcome = this.chain.identify(request);
    } catch (error) {
      return next(error);
    }
    const signal = clientGone(response);
    if (isLater(outcome)) return outcome.then((known) => enter(request, known, signal, next), next);
    enter(request, outcome, signal, next);
  }
}

function enter(
  request: IdentifiableRequest,
  outcome: Outcome,
  signal: () => AbortSignal,
  next: Next,
): void {
  const goOn = () => {
    // Set just above: both ways below enter a context before they call this.
    const context = currentContext() as TenancyContext;
    context.work.request = request;
    rememberTenancy(request, { outcome, context });
    next();
  };
  if (outcome.kind === 'found') runForTenant(outcome.tenant, goOn, signal);
  else runCentrally('an HTTP request without a tenant', goOn, signal);
}
