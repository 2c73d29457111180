import { Injectable } from '@nestjs/common';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { CurrentTenant } from '../context/current-tenant.js';
import { TenantSwitchRefusedError } from '../context/errors.js';
import {
  currentTenant,
  rememberImpersonator,
  requireTenant,
  runCentrally,
} from '../context/tenant-context.js';
import { TenancyEvents, type ImpersonationEvent } from '../tenant/tenancy-events.js';
import { TenantService } from '../tenant/tenant.service.js';
import {
  ImpersonationEndedError,
  ImpersonationReadOnlyError,
  ImpersonationRefusedError,
  type ImpersonationProblem,
} from './errors.js';
import { checkImpersonation, type IssueImpersonation } from './impersonation-input.js';
import { ImpersonationStore } from './impersonation-store.js';
import { ImpersonationRow } from './impersonation.entity.js';
import { isImpersonation, type Impersonation } from './impersonation.js';

/** Milliseconds in which a token is to be redeemed. */
const TOKEN_LIVES = 60_000;

/** What an operator is given. */
export interface IssuedImpersonation {
  readonly id: string;
  /** 256 random bits, given here only: what is kept is its hash. To be redeemed once, in the tenant. */
  readonly token: string;
  /** In a minute. */
  readonly expiresAt: Date;
}

/**
 * Has operators act in the place of a tenant's user, to see what the user sees. Who may do so, the app decides before it
 * calls {@link issue}; what a session is, where it has redeemed the token.
 */
@Injectable()
export class ImpersonationService {
  constructor(
    private readonly tenants: TenantService,
    private readonly store: ImpersonationStore,
    private readonly events: TenancyEvents,
  ) {}

  /**
   * Makes a token for one use, from the central side.
   * @throws TenantSwitchRefusedError in the context of a tenant
   * @throws ImpersonationInputError, TenantNotFoundError
   */
  async issue(input: IssueImpersonation): Promise<IssuedImpersonation> {
    const outer = currentTenant();
    if (outer !== undefined) {
      throw new TenantSwitchRefusedError(outer.slug, 'the central side, where operators are');
    }
    const { readOnly, ...checked } = checkImpersonation(input);
    const { id: tenantId, slug } = await this.tenants.get(input.tenant);
    const token = randomBytes(32).toString('base64url');
    const row = Object.assign(new ImpersonationRow(), {
      id: randomUUID(),
      tokenHash: hashOf(token),
      tenantId,
      ...checked,
      readOnly: readOnly ? 1 : 0,
      expiresAt: Date.now() + TOKEN_LIVES,
      redeemedAt: null,
    });
    await this.store.insert(row);
    await this.events.told('impersonation.started', eventOf(row, slug));
    return { id: row.id, token, expiresAt: new Date(row.expiresAt) };
  }

  /**
   * Uses the token up, in the tenant that it is for, and gives what the app makes its session of. Of two at once, in any
   * process, one gets it.
   * @param token as the client sent it, whatever that is
   * @throws TenantContextMissingError
   * @throws ImpersonationRefusedError for a token that is unknown, used, older than a minute or of another tenant
   */
  async redeem(token: unknown): Promise<Impersonation> {
    const tenant = requireTenant('ImpersonationService.redeem()');
    const hash = hashOf(typeof token === 'string' ? token : '');
    return runCentrally('redeem an impersonation', async () => {
      const now = Date.now();
      const isRedeemed = await this.store.redeem(hash, tenant.id, now);
      const row = await this.store.find(hash);
      if (!isRedeemed || row === undefined) {
        const problem = problemOf(row, tenant);
        this.tellRefused(tenant, problem, row);
        throw new ImpersonationRefusedError(tenant.slug, problem);
      }
      await this.events.told('impersonation.redeemed', eventOf(row, tenant.slug));
      return impersonationOf(row, now);
    });
  }

  /**
   * Has the running request know who acts in it, as `tenancy.impersonator`. To be called for every request of a session
   * that was made of an impersonation; {@link ImpersonationGuard} does.
   * @param impersonation as {@link redeem} gave it, from where the client cannot change it
   * @param method of HTTP; undefined for what has none, which may change something
   * @throws ImpersonationRefusedError when it is of another tenant, or none; ImpersonationEndedError,
   * ImpersonationReadOnlyError
   */
  resume(impersonation: unknown, method?: string): void {
    const tenant = requireTenant('ImpersonationService.resume()');
    if (!isImpersonation(impersonation)) {
      this.tellRefused(tenant, 'unknown');
      throw new ImpersonationRefusedError(tenant.slug, 'unknown');
    }
    const { id, tenantId, actor, userId, readOnly, until } = impersonation;
    if (tenantId !== tenant.id) {
      this.tellRefused(tenant, 'other-tenant', impersonation);
      throw new ImpersonationRefusedError(tenant.slug, 'other-tenant');
    }
    const end = new Date(until);
    if (end.getTime() <= Date.now()) {
      this.tellRefused(tenant, 'ended', impersonation);
      throw new ImpersonationEndedError(tenant.slug, end);
    }
    rememberImpersonator({ id, actor, userId, readOnly });
    if (readOnly && (method === undefined || !SAFE.has(method.toUpperCase()))) {
      this.tellRefused(tenant, 'read-only', impersonation);
      throw new ImpersonationReadOnlyError(tenant.slug, method ?? 'what is no request');
    }
  }

  private tellRefused(
    { id, slug }: CurrentTenant,
    problem: ImpersonationProblem,
    known?: Pick<Impersonation, 'id' | 'actor' | 'userId'>,
  ): void {
    const event: ImpersonationEvent = {
      tenantId: id,
      slug,
      problem,
      ...(known && { id: known.id, actor: known.actor, userId: known.userId }),
    };
    this.events.tell('impersonation.refused', event);
  }
}

/** Methods that change nothing: https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1 */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What is kept of a token. It is as long as what it is made of, and as random, so nobody can guess its way back. */
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function problemOf(
  row: ImpersonationRow | undefined,
  { id }: Pick<CurrentTenant, 'id'>,
): ImpersonationProblem {
  if (row === undefined) return 'unknown';
  if (row.tenantId !== id) return 'other-tenant';
  return row.redeemedAt === null ? 'expired' : 'used';
}

function impersonationOf(row: ImpersonationRow, now: number): Impersonation {
  const { id, tenantId, userId, actor, reason, readOnly, duration } = row;
  return {
    id,
    tenantId,
    userId,
    actor,
    ...(reason !== null && { reason }),
    readOnly: readOnly === 1,
    until: new Date(now + duration).toISOString(),
  };
}

function eventOf(row: ImpersonationRow, slug: string): ImpersonationEvent {
  const { id, tenantId, userId, actor, reason, readOnly } = row;
  return {
    id,
    tenantId,
    slug,
    userId,
    actor,
    readOnly: readOnly === 1,
    ...(reason !== null && { reason }),
  };
}
