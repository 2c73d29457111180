import { Injectable, Logger } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ConnectionPoolManager } from '../database/connection-pool-manager.js';
import type { Tenant } from './tenant.entity.js';

/** What is told of a tenant; nothing that is secret. Each step is told before (`…ing`) and, once committed, after (`…ed`). */
export type TenancyEventName =
  | `tenant.${'creating' | 'created' | 'failed' | 'updating' | 'updated'}`
  | `tenant.${'activating' | 'activated' | 'suspending' | 'suspended' | 'blocking' | 'blocked'}`
  | `tenant.${'deleting' | 'deleted' | 'restoring' | 'restored'}`
  | `tenant.credentials-${'rotating' | 'rotated'}`
  | `domain.${'adding' | 'added' | 'removing' | 'removed' | 'primary-changing' | 'primary-changed'}`;

/** The payload of every event. */
export interface TenancyEvent {
  readonly tenantId: string;
  readonly slug: string;
  /** The host, in events of a domain. */
  readonly host?: string;
}

/** What is told of a maintenance: that it was scheduled, that it has begun, and that it is over. */
export type MaintenanceEventName = `maintenance.${'scheduled' | 'enabled' | 'disabled'}`;

/** The payload of a {@link MaintenanceEventName}. */
export interface MaintenanceEvent {
  /** Of the maintenance. */
  readonly id: string;
  /** Undefined where all tenants are in maintenance. */
  readonly tenantId?: string;
  readonly slug?: string;
  readonly from: Date;
  /** Undefined for until it is disabled. */
  readonly until?: Date;
}

/** What is told of an API key, once it is done. */
export type ApiKeyEventName = `api-key.${'created' | 'rotated' | 'revoked'}`;

/** The payload of those. */
export interface ApiKeyEvent {
  /** Null for a central key. */
  readonly tenantId: string | null;
  readonly slug: string | null;
  readonly keyId: string;
  readonly keyName: string;
  readonly scopes: readonly string[];
  /** The id of the key that took its place, in `api-key.rotated`. */
  readonly replacedBy?: string;
}

/** What is told of an impersonation: that a token was issued, that it was redeemed, and what was refused. */
export type ImpersonationEventName = `impersonation.${'started' | 'redeemed' | 'refused'}`;

/** The payload of an {@link ImpersonationEventName}. Of what was refused, only what is known. */
export interface ImpersonationEvent {
  /** Of the impersonation. */
  readonly id?: string;
  /** The tenant in which it was asked for. */
  readonly tenantId: string;
  readonly slug: string;
  /** The operator. */
  readonly actor?: string;
  readonly userId?: string;
  readonly reason?: string;
  readonly readOnly?: boolean;
  /** Why it was refused. */
  readonly problem?: 'unknown' | 'used' | 'expired' | 'other-tenant' | 'read-only' | 'ended';
}

/** The payload of `admin.request`: a call of the admin API, told of when it has ended. */
export interface AdminRequestEvent {
  /** What was asked for, such as `admin.tenant.create`. */
  readonly action: string;
  /** Who asked, as far as the API's guard found out. */
  readonly actor: string | null;
  /** The id of the tenant that it is about, or what the client named it by where there is none; null without one. */
  readonly tenant: string | null;
  /** `refused`: for what the client did. `failed`: with a status from 500 on. */
  readonly outcome: 'success' | 'refused' | 'failed';
  /** The code of the error, of what was refused or failed. */
  readonly code?: string;
}

/** What is needed of `EventEmitter2`. */
interface Emitter {
  emit(name: string, event: object): unknown;
}

/** The pool's events with a payload, told as `pool.breaker` and so on. */
const POOL_EVENTS = ['breaker', 'exhausted', 'long-lease', 'reserve-refused'] as const;

/** Is told of every event. */
export type Hearer = (name: string, event: object) => Promise<void>;

/**
 * Tells events through the `EventEmitter2` of `@nestjs/event-emitter` when the app imports `EventEmitterModule`; that
 * package is never loaded by this one. A listener that throws is logged: what it was told of is done.
 */
@Injectable()
export class TenancyEvents {
  private readonly logger = new Logger('Tenancy');
  private emitter?: Emitter;
  private readonly hearers: Hearer[] = [];

  constructor(
    private readonly modules: ModulesContainer,
    { events }: ConnectionPoolManager,
  ) {
    for (const name of POOL_EVENTS) {
      events.on(name, (event: object) => this.tell(`pool.${name}`, event));
    }
  }

  /**
   * Has `hearer` told of every event. A step of a tenant's life waits for it, and what it throws at an `…ing` keeps the
   * step from being done.
   */
  hear(hearer: Hearer): void {
    this.hearers.push(hearer);
  }

  /** @throws what a hearer of {@link hear} throws */
  async emit(
    name: TenancyEventName,
    { id, slug }: Pick<Tenant, 'id' | 'slug'>,
    host?: string,
  ): Promise<void> {
    const event: TenancyEvent = { tenantId: id, slug, ...(host !== undefined && { host }) };
    await this.told(name, event);
  }

  /**
   * Tells an event that is not of {@link TenancyEventName}, and does not wait until it was heard: use {@link told} where
   * what it is about is answered to somebody.
   * @param event nothing that is secret
   */
  tell(name: string, event: object): void {
    this.told(name, event).catch((error: unknown) => this.logFailure(name, error));
  }

  /** Tells an event, and waits until it was heard. @throws what a hearer of {@link hear} throws */
  async told(name: string, event: object): Promise<void> {
    this.emitter ??= this.findEmitter();
    try {
      this.emitter?.emit(name, event);
    } catch (error) {
      this.logFailure(name, error);
    }
    for (const hear of this.hearers) await hear(name, event);
  }

  private logFailure(name: string, error: unknown): void {
    this.logger.error(`A listener of ${name} failed`, error instanceof Error ? error.stack : error);
  }

  private findEmitter(): Emitter | undefined {
    for (const module of this.modules.values()) {
      for (const [token, { instance }] of module.providers) {
        if (isEventEmitter2(token) && instance !== null) return instance as Emitter;
      }
    }
    return undefined;
  }
}

/** By what no other emitter has: the class is exported as `EventEmitter2`, but its name is `EventEmitter`. */
function isEventEmitter2(token: unknown): boolean {
  if (typeof token !== 'function' || typeof token.prototype !== 'object') return false;
  const { emit, emitAsync, onAny } = token.prototype as Record<string, unknown>;
  return [emit, emitAsync, onAny].every((method) => typeof method === 'function');
}
