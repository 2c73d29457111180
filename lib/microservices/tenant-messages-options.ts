import type { InjectionToken } from '@nestjs/common';
import type { CurrentTenant } from '../context/current-tenant.js';

/** A message that names a tenant, before anything was done for it. */
export interface NamingMessage {
  readonly tenant: CurrentTenant;
  /** The pattern of its handler, as NestJS writes it: a text, or JSON. */
  readonly pattern: string;
  readonly data: unknown;
  /** What NestJS knows of its sender: a `TcpContext`, with the socket; a `RedisContext`; a `NatsContext`. */
  readonly context: unknown;
}

/** Of an app that sends messages, none is needed; of one that takes them, `trusted` or `authorize`. */
export interface TenantMessagesOptions {
  /**
   * True when none but services of your own reach the port or the broker, so that the tenant in a message may be
   * believed. Default false.
   */
  readonly trusted?: boolean;
  /** Decides for each message whether its sender may act in the tenant. Default: `trusted` does. */
  readonly authorize?: (message: NamingMessage) => boolean | Promise<boolean>;
  /**
   * The clients, by what they are injected as, that send for no tenant: to services that know none, and to handlers that
   * are `@CentralRoute()`. Default: none.
   */
  readonly centralClients?: readonly InjectionToken[];
}

export const TENANT_MESSAGES_OPTIONS = Symbol.for('nestjs-tenancy:tenant-messages-options');
