import { HttpException, Logger, type INestApplicationContext } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { IncomingMessage } from 'node:http';
import { TENANT_GATE, type TenantGate } from '../context/tenancy.js';
import { verifyOutcome } from '../identify/admission.js';
import { IdentifierChain } from '../identify/chain.js';
import type { IdentifiableRequest, RouteMode } from '../options/identifier.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { Signals } from '../redis/signals.js';
import {
  MAINTENANCE_GATE,
  type MaintenanceGate,
  type Visitor,
} from '../tenant/maintenance-gate.js';
import { TenantRegistry } from '../tenant/tenant-registry.js';
import { GatewayModes } from './gateway-modes.js';
import { OpenSockets } from './open-sockets.js';
import { SocketTenancy } from './socket-tenancy.js';

export interface TenantSocketOptions {
  /**
   * True when the app is behind a proxy that sets `X-Forwarded-Host` and strips what clients send of it: the host that
   * identifiers see is taken from there, and the address of the client from what the proxy adds to `X-Forwarded-For`.
   * Default false. As for requests, where Express and Fastify are told.
   */
  readonly trustProxy?: boolean;
}

/** What a handshake was refused with, as the client is told. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

/** Lets sockets in: by the app's own identifiers, and by what a request would be refused with. */
export class SocketAdmission {
  readonly modes: GatewayModes;
  readonly defaultMode: RouteMode;
  readonly open: OpenSockets;
  private readonly logger = new Logger('TenancySockets');
  private readonly chain: IdentifierChain;
  private readonly registry: TenantRegistry;
  private readonly gate: TenantGate;
  private readonly maintenance: MaintenanceGate;
  private readonly hasCentralHosts: boolean;

  constructor(
    app: Pick<INestApplicationContext, 'get'>,
    private readonly options: TenantSocketOptions,
  ) {
    const global = { strict: false };
    const { http } = app.get<ResolvedTenancyOptions>(TENANCY_OPTIONS, global);
    this.chain = app.get(IdentifierChain, global);
    this.registry = app.get(TenantRegistry, global);
    this.gate = app.get<TenantGate>(TENANT_GATE, global);
    this.maintenance = app.get<MaintenanceGate>(MAINTENANCE_GATE, global);
    this.hasCentralHosts = http.centralHosts.length > 0;
    this.defaultMode = http.defaultRouteMode;
    this.modes = new GatewayModes(app.get(ModulesContainer, global), http.defaultRouteMode);
    this.open = new OpenSockets(app.get(Signals, global), this.maintenance, (error) =>
      this.log(error),
    );
  }

  /**
   * Whose the socket of a handshake is.
   * @param auth what the client sent beside the request
   * @throws the error that it is refused with
   */
  async admit(
    request: IncomingMessage,
    mode: RouteMode,
    auth?: Readonly<Record<string, unknown>>,
  ): Promise<SocketTenancy> {
    const outcome = await this.chain.identify(this.identifiable(request, auth));
    verifyOutcome(outcome, mode, this.hasCentralHosts);
    const tenancy = new SocketTenancy(
      this.registry,
      this.maintenance,
      this.visitorOf(request),
      outcome,
    );
    await tenancy.verify();
    if (outcome.kind === 'found') await this.gate.admit(outcome.tenant);
    return tenancy;
  }

  /** What the client is told of `error`. What is no refusal is logged. */
  refusalOf(error: unknown): Refusal {
    if (!isLogged(error)) this.log(error);
    const status = error instanceof HttpException ? error.getStatus() : 500;
    const told: unknown = error instanceof HttpException ? error.getResponse() : undefined;
    const { code, message } = { ...(told as Partial<Refusal> | undefined) };
    const { retryAfter } = error as { retryAfter?: number };
    return {
      status,
      code: code ?? 'INTERNAL_ERROR',
      message: message ?? 'Internal server error',
      ...(retryAfter !== undefined && { retryAfter }),
    };
  }

  private visitorOf({ headers, socket }: IncomingMessage): Visitor {
    if (!this.options.trustProxy) return { headers, socket };
    return { headers, ip: lastOf(headers['x-forwarded-for']) };
  }

  log(error: unknown): void {
    this.logger.error(error instanceof Error ? (error.stack ?? error.message) : error);
  }

  private identifiable(
    request: IncomingMessage,
    auth?: Readonly<Record<string, unknown>>,
  ): IdentifiableRequest {
    const { headers, url } = request;
    const hostname = this.options.trustProxy ? lastOf(headers['x-forwarded-host']) : undefined;
    return { headers, url, hostname, auth };
  }
}

/** The last of a list, which is what the proxy before the app wrote; those before it are what the proxy was told. */
function lastOf(header: string | string[] | undefined): string | undefined {
  const list = Array.isArray(header) ? header.at(-1) : header;
  return list?.split(',').at(-1)?.trim() || undefined;
}

/** What clients are refused with is not logged; a failure is, unless the log has its cause already. */
function isLogged(error: unknown): boolean {
  if (!(error instanceof HttpException)) return false;
  return error.getStatus() < 500 || ('logged' in error && error.logged === true);
}
