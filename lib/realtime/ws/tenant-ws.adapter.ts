import type { INestApplicationContext } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import type { IncomingMessage } from 'node:http';
import type { ServerOptions, VerifyClientCallbackAsync, WebSocket, WebSocketServer } from 'ws';
import { runDetached } from '../../context/tenant-context.js';
import type { RouteMode } from '../../options/identifier.js';
import { audienceOf, within } from '../audience.js';
import { SocketAdmission, type TenantSocketOptions } from '../socket-admission.js';
import type { SocketTenancy } from '../socket-tenancy.js';
import { viewOf } from '../view.js';
import { dismiss, makeTenants } from './tenant-client.js';

export interface TenantWsOptions extends TenantSocketOptions {
  /** As of `WsAdapter`: makes `{ event, data }` of what a client sent. */
  readonly messageParser?: NonNullable<ConstructorParameters<typeof WsAdapter>[1]>['messageParser'];
}

interface GatewayOptions extends Pick<ServerOptions, 'verifyClient'> {
  readonly path?: string;
  readonly server?: unknown;
}

/**
 * Makes gateways on ws multi-tenant. In `main.ts`, before the app listens:
 *
 * ```ts
 * app.useWebSocketAdapter(new TenantWsAdapter(app));
 * ```
 *
 * A socket's tenant is found in its handshake by the app's identifiers; a handshake that a request would be refused for
 * is answered as that request would be, and there is no socket. What handles the socket's messages runs in its tenant,
 * and `server.clients` holds the running tenant's sockets. When the tenant is not served any more, its sockets are closed
 * with 4403 (4404 when it is deleted), and the code as the reason.
 */
export class TenantWsAdapter extends WsAdapter {
  private readonly admission: SocketAdmission;
  private readonly admitted = new WeakMap<IncomingMessage, SocketTenancy>();
  private readonly tenancies = new WeakMap<WebSocket, SocketTenancy>();
  /** The servers behind the views of them that NestJS is given. */
  private readonly behind = new WeakMap<object, WebSocketServer>();

  constructor(app: INestApplicationContext, options: TenantWsOptions = {}) {
    const { messageParser } = options;
    super(app, messageParser && { messageParser });
    this.admission = new SocketAdmission(app, options);
  }

  /** @throws GatewayModesDifferError */
  override create(port: number, options: GatewayOptions = {}): WebSocketServer {
    const mode = this.admission.modes.of({ port, path: options.path });
    const verifyClient = this.verifying(mode, options.verifyClient);
    const server: WebSocketServer = super.create(port, { ...options, verifyClient });
    server.on('connection', (client, request) => this.opened(client, request));
    const view = viewOf(server, {
      clients: (clients) =>
        new Set(within(audienceOf('A list of sockets'), clients, this.tenancies)),
    });
    this.behind.set(view, server);
    return view;
  }

  override bindClientConnect(
    server: WebSocketServer,
    callback: (client: WebSocket, request: IncomingMessage) => void,
  ): void {
    server.on('connection', (client, request) =>
      this.tenancies.get(client)?.run(() => callback(client, request)),
    );
  }

  /** Ends all sockets, whosever they are. */
  override close(server: WebSocketServer): Promise<void> {
    const whole = this.behind.get(server) ?? server;
    return runDetached('close the sockets of the app', () => super.close(whole));
  }

  private verifying(
    mode: RouteMode,
    given: ServerOptions['verifyClient'],
  ): VerifyClientCallbackAsync {
    return (info, answer) => {
      const admit = async () => {
        const tenancy = await this.admission.admit(info.req, mode);
        this.admitted.set(info.req, tenancy);
        tenancy.run(() => askGiven(given, info, answer));
      };
      admit().catch((error: unknown) => {
        const { retryAfter, ...told } = this.admission.refusalOf(error);
        answer(false, told.status, JSON.stringify(told), {
          'Content-Type': 'application/json',
          ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
        });
      });
    };
  }

  private opened(client: WebSocket, request: IncomingMessage): void {
    const tenancy = this.admitted.get(request);
    // The app has made it of a request that this server has not upgraded.
    if (tenancy === undefined) return client.terminate();
    const close = (reason: unknown) => this.end(client, reason);
    this.tenancies.set(client, tenancy);
    makeTenants(client, tenancy, close);
    const open = { tenancy, close };
    this.admission.open.add(open);
    client.once('close', () => this.admission.open.delete(open));
  }

  private end(client: WebSocket, reason: unknown): void {
    dismiss(client, this.admission.refusalOf(reason));
  }
}

/** Asks what the gateway's own `verifyClient` says, if it has one. */
function askGiven(
  given: ServerOptions['verifyClient'],
  info: Parameters<VerifyClientCallbackAsync>[0],
  answer: Parameters<VerifyClientCallbackAsync>[1],
): void {
  if (given === undefined) answer(true);
  else if (given.length === 2) given(info, answer);
  else answer(Boolean(Reflect.apply(given, undefined, [info])));
}
