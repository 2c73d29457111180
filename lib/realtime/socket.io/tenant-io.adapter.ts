import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { MessageMappingProperties } from '@nestjs/websockets';
import { Observable } from 'rxjs';
import { runDetached } from '../../context/tenant-context.js';
import type { RouteMode } from '../../options/identifier.js';
import { StateRecoveryRefusedError } from '../errors.js';
import { SocketAdmission, type TenantSocketOptions } from '../socket-admission.js';
import type { SocketTenancy } from '../socket-tenancy.js';
import type { Namespace, Server, ServerOptions, Socket } from './native.js';
import { namespaceView, serverView } from './server-view.js';
import { keepWithinTenants } from './tenant-rooms.js';
import { makeTenants } from './tenant-socket.js';

type Transform = Parameters<IoAdapter['bindMessageHandlers']>[2];

/**
 * Makes gateways on socket.io multi-tenant. In `main.ts`, before the app listens:
 *
 * ```ts
 * app.useWebSocketAdapter(new TenantIoAdapter(app));
 * ```
 *
 * A socket's tenant is found in its handshake by the app's identifiers; a handshake that a request would be refused for
 * is refused, before `handleConnection`, with the `code` of the error in `data` of the client's `connect_error`. What
 * handles the socket's messages runs in its tenant, and rooms and broadcasts are the running tenant's. When the tenant
 * is not served any more, its sockets get `exception` with the code, and are disconnected.
 *
 * To have an adapter of socket.io's for several processes, extend it and override `createIOServer`.
 */
export class TenantIoAdapter extends IoAdapter {
  private readonly admission: SocketAdmission;
  private readonly tenancies = new WeakMap<Socket, SocketTenancy>();
  /** The servers and namespaces behind the views of them that NestJS is given. */
  private readonly behind = new WeakMap<object, Server | Namespace>();
  private readonly bound = new WeakSet<Namespace>();
  private readonly open = new WeakSet<Socket>();

  constructor(app: INestApplicationContext, options: TenantSocketOptions = {}) {
    super(app);
    this.admission = new SocketAdmission(app, options);
  }

  /** @throws StateRecoveryRefusedError, GatewayModesDifferError */
  override create(port: number, options?: ServerOptions): Server {
    const { namespace, path, connectionStateRecovery } = options ?? {};
    const server: unknown = options?.server;
    if (connectionStateRecovery) throw new StateRecoveryRefusedError();
    const whole = isObject(server) ? (this.behind.get(server) ?? server) : server;
    const created: Server | Namespace = super.create(
      port,
      options && { ...options, server: whole },
    );
    const modeOf = (name?: string) => this.admission.modes.of({ port, path, namespace: name });
    if (!('of' in created)) {
      this.bind(created, modeOf(namespace));
      // NestJS calls either a server.
      return this.remember(namespaceView(created, this.tenancies), created) as never;
    }
    if (isRecovering(created)) throw new StateRecoveryRefusedError();
    for (const one of created['_nsps'].values()) this.bind(one, modeOf(one.name));
    created.on('new_namespace', (one) => this.bind(one, modeOf(one.name)));
    return this.remember(serverView(created, this.tenancies), created);
  }

  /** What a handler answers is sent in the socket's context, wherever what it answers with comes from. */
  override bindMessageHandlers(
    socket: Socket,
    handlers: MessageMappingProperties[],
    transform: Transform,
  ): void {
    const tenancy = this.tenancies.get(socket);
    if (tenancy === undefined) return;
    super.bindMessageHandlers(socket, handlers, (answer) => sentIn(tenancy, transform(answer)));
  }

  override bindClientDisconnect(socket: Socket, callback: () => void): void {
    const tenancy = this.tenancies.get(socket);
    super.bindClientDisconnect(socket, tenancy ? () => tenancy.run(callback) : callback);
  }

  /** Ends all sockets, whosever they are. */
  override close(server: Server): Promise<void> {
    return runDetached('close the sockets of the app', () => super.close(server));
  }

  private remember<T extends Server | Namespace>(view: T, whole: T): T {
    this.behind.set(view, whole);
    return view;
  }

  /**
   * Lets in what `mode` is for, before any middleware of the app. A namespace that socket.io makes of a pattern brings
   * this along from there, so it does nothing to a socket that is in.
   */
  private bind(namespace: Namespace, mode: RouteMode): void {
    if (this.bound.has(namespace)) return;
    this.bound.add(namespace);
    // A pattern's own adapter hands over to those of the namespaces made of it.
    if (!('createChild' in namespace)) keepAdapterWithinTenants(namespace);
    namespace.use((socket, next) => {
      if (this.tenancies.has(socket)) return next();
      void this.admission.admit(socket.request, mode, socket.handshake.auth).then(
        (tenancy) => this.letIn(socket, tenancy, next),
        (error: unknown) => next(this.refused(error)),
      );
    });
    namespace.on('connection', (socket) => this.opened(socket));
  }

  private letIn(socket: Socket, tenancy: SocketTenancy, next: () => void): void {
    this.tenancies.set(socket, tenancy);
    makeTenants(socket, tenancy);
    socket.use((_message, handle) => tenancy.serve(handle, (reason) => this.end(socket, reason)));
    tenancy.run(next);
  }

  private refused(error: unknown): Error {
    const refusal = this.admission.refusalOf(error);
    return Object.assign(new Error(refusal.message), { data: refusal });
  }

  private opened(socket: Socket): void {
    const tenancy = this.tenancies.get(socket);
    if (tenancy === undefined || this.open.has(socket)) return;
    const open = { tenancy, close: (reason: unknown) => this.end(socket, reason) };
    this.open.add(socket);
    this.admission.open.add(open);
    socket.once('disconnect', () => this.admission.open.delete(open));
  }

  private end(socket: Socket, reason: unknown): void {
    const refusal = this.admission.refusalOf(reason);
    socket.emit('exception', refusal);
    // The client of a tenant that is not served stays away; one that was cut off by a failure comes back by itself.
    if (refusal.status < 500) socket.disconnect();
    else socket.conn.close();
  }
}

/** Also an adapter that it is given later, by `server.adapter(…)`. */
function keepAdapterWithinTenants(namespace: Namespace): void {
  let adapter = keepWithinTenants(namespace.adapter);
  Object.defineProperty(namespace, 'adapter', {
    configurable: true,
    enumerable: true,
    get: () => adapter,
    set: (given: Namespace['adapter']) => {
      adapter = keepWithinTenants(given);
    },
  });
}

/** `answers`, handed on in the socket's context. */
function sentIn<T>(tenancy: SocketTenancy, answers: Observable<T>): Observable<T> {
  return new Observable((subscriber) =>
    answers.subscribe({
      next: (answer) => tenancy.run(() => subscriber.next(answer)),
      error: (error) => subscriber.error(error),
      complete: () => subscriber.complete(),
    }),
  );
}

function isRecovering(server: Server): boolean {
  const options: unknown = Reflect.get(server, 'opts');
  return isObject(options) && Boolean(Reflect.get(options, 'connectionStateRecovery'));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
