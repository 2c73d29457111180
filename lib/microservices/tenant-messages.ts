import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService, ModulesContainer } from '@nestjs/core';
import {
  ClientNats,
  ClientProxy,
  ClientRedis,
  ClientTCP,
  ServerNats,
  ServerRedis,
  ServerTCP,
  Transport,
  type NatsOptions,
  type RedisOptions,
  type TcpOptions,
} from '@nestjs/microservices';
import { TENANT_GATE, type TenantGate } from '../context/tenancy.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { MAINTENANCE_GATE, type MaintenanceGate } from '../tenant/maintenance-gate.js';
import { TenantRegistry } from '../tenant/tenant-registry.js';
import { bindClient } from './bind-client.js';
import { bindServer, patternName, type BoundServer } from './bind-server.js';
import { MessagesNotTrustedError, TransportUnsupportedError } from './errors.js';
import { HandlerModes } from './handler-modes.js';
import { MessageAdmission } from './message-admission.js';
import { TENANT_MESSAGES_OPTIONS, type TenantMessagesOptions } from './tenant-messages-options.js';

/** Makes the servers of an app's microservices, and binds its clients. */
@Injectable()
export class TenantMessages {
  private readonly bound = new WeakSet<ClientProxy>();

  constructor(
    @Inject(TENANT_MESSAGES_OPTIONS) private readonly options: TenantMessagesOptions,
    @Inject(TENANCY_OPTIONS) private readonly tenancy: ResolvedTenancyOptions,
    @Inject(TENANT_GATE) private readonly gate: TenantGate,
    @Inject(MAINTENANCE_GATE) private readonly maintenance: MaintenanceGate,
    private readonly registry: TenantRegistry,
    private readonly modules: ModulesContainer,
    private readonly discovery: DiscoveryService,
  ) {}

  /**
   * What NestJS is given to take messages, each handled for its tenant: for `NestFactory.createMicroservice` by its
   * `useFactory`, for `app.connectMicroservice` as it is.
   *
   * ```ts
   * app.connectMicroservice(
   *   app.get(TenantMessages).server({ transport: Transport.TCP, options: { port: 3001 } }),
   *   { inheritAppConfig: true },
   * );
   * ```
   *
   * @throws MessagesNotTrustedError, TransportUnsupportedError
   */
  server(options: TcpOptions | RedisOptions | NatsOptions): { strategy: BoundServer } {
    const { authorize, trusted = false } = this.options;
    if (!trusted && authorize === undefined) throw new MessagesNotTrustedError();
    const strategy = serverOf(options);
    const modes = new HandlerModes(this.modules, this.tenancy.http.defaultRouteMode, {
      transport: strategy.transportId,
      nameOf: (pattern) => patternName(strategy, pattern),
    });
    const { registry, gate, maintenance } = this;
    bindServer(strategy, modes, new MessageAdmission(registry, gate, maintenance, authorize));
    return { strategy };
  }

  /**
   * Has a client send for the tenant of the running code. Those of `ClientsModule` are bound when the app starts; this is
   * for others (`@Client()`, `ClientProxyFactory`), before they are used. One that is bound is left as it is.
   * @throws TransportUnsupportedError
   */
  bind(client: ClientProxy): void {
    this.bindAs(client, false);
  }

  /** Those that the app injects. @throws TransportUnsupportedError */
  bindInjected(): void {
    const central = new Set(this.options.centralClients);
    for (const { token, instance } of this.discovery.getProviders()) {
      if (instance instanceof ClientProxy) this.bindAs(instance, central.has(token));
    }
  }

  private bindAs(client: ClientProxy, central: boolean): void {
    if (this.bound.has(client)) return;
    const carries =
      client instanceof ClientTCP || client instanceof ClientRedis || client instanceof ClientNats;
    if (!carries && !central) {
      const remedy = 'When its messages are for no tenant, name it in `centralClients`.';
      throw new TransportUnsupportedError(client.constructor.name, remedy);
    }
    this.bound.add(client);
    if (carries) bindClient(client, central);
  }
}

function serverOf(given: TcpOptions | RedisOptions | NatsOptions): BoundServer {
  const transport = given.transport ?? Transport.TCP;
  if (given.transport === Transport.REDIS) return new ServerRedis({ ...given.options });
  if (given.transport === Transport.NATS) return new ServerNats({ ...given.options });
  if (transport === Transport.TCP) return new ServerTCP({ ...given.options });
  throw new TransportUnsupportedError(
    Transport[transport],
    'Take its messages by a server of its own, whose handlers enter the tenant by tenancy.run(tenant, work).',
  );
}
