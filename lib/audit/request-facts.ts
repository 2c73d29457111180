import { Inject, Injectable } from '@nestjs/common';
import type { Impersonator } from '../context/impersonator.js';
import { currentImpersonator, currentRequest } from '../context/tenant-context.js';
import type { AuditedRequest } from '../options/audit-options.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { fitActor } from './audit-entry.js';

/** Who asked, and from where. */
export interface RequestFacts {
  readonly actor: string | null;
  readonly requestId: string | null;
  readonly address: string | null;
  /** Who asked in the place of a user. */
  readonly impersonator?: Impersonator;
}

const NOBODY: RequestFacts = { actor: null, requestId: null, address: null };

/** What the log keeps of the request that the running code serves. */
@Injectable()
export class AuditedRequests {
  private readonly actorOf: (request: AuditedRequest) => string | undefined;

  constructor(@Inject(TENANCY_OPTIONS) { audit }: Pick<ResolvedTenancyOptions, 'audit'>) {
    this.actorOf = audit.actor ?? actorOfUser;
  }

  get current(): RequestFacts {
    const request = currentRequest();
    const facts = request === undefined ? NOBODY : this.factsOf(request as AuditedRequest);
    const impersonator = currentImpersonator();
    if (impersonator === undefined) return facts;
    // The request, and whoever looks for an actor in it, takes the operator for the user.
    return { ...facts, actor: fitActor(impersonator.actor), impersonator };
  }

  private factsOf(
    request: AuditedRequest & {
      readonly id?: unknown;
      readonly socket?: { readonly remoteAddress?: string };
    },
  ): RequestFacts {
    const header = request.headers['x-request-id'];
    const requestId = [header, request.id].find(
      (id): id is string => typeof id === 'string' && /^[\w.:+/=-]{1,100}$/.test(id),
    );
    const actor = this.actorOf(request) ?? null;
    return {
      actor: actor === null ? null : fitActor(actor),
      requestId: requestId ?? null,
      address: (request.ip ?? request.socket?.remoteAddress)?.slice(0, 64) ?? null,
    };
  }
}

function actorOfUser({ user }: AuditedRequest): string | undefined {
  if (typeof user !== 'object' || user === null) return undefined;
  const { id, sub, userId } = user as Readonly<Record<string, unknown>>;
  const found = [id, sub, userId].find(
    (value) => typeof value === 'string' || typeof value === 'number',
  );
  return found === undefined ? undefined : String(found);
}
