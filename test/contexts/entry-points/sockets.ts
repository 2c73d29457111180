import { Catch, UseFilters, type ArgumentsHost, type INestApplication } from '@nestjs/common';
import type { AbstractWsAdapter } from '@nestjs/websockets';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { TenantIoAdapter } from 'nestjs-tenancy/realtime/socket.io';
import { TenantWsAdapter } from 'nestjs-tenancy/realtime/ws';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { Socket as ServerSocket } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';
import { startContextsApp, type ContextsApp } from '../app.js';
import { TENANTS, type EntryPoint, type Slug } from '../entry-point.js';
import type { Seen } from '../sense.js';
import { ON_PURPOSE, Witness } from '../witness.js';

interface Asked {
  readonly id: number;
  readonly key: string;
}

/** What became of a message, under its own id: many are on their way at once. */
interface Told {
  readonly id: number;
  readonly seen?: Seen;
  readonly failed?: string;
}

/** As an app's own filter would, over either kind of socket. */
@Catch()
class TellingFilter {
  catch(error: Error, host: ArgumentsHost) {
    const { id } = host.switchToWs().getData<Asked>();
    const socket = host.switchToWs().getClient<ServerSocket | WebSocket>();
    const told: Told = { id, failed: error.message };
    if ('nsp' in socket) socket.emit('told', told);
    else socket.send(JSON.stringify({ event: 'told', data: told }));
  }
}

@WebSocketGateway()
@UseFilters(TellingFilter)
class WitnessGateway {
  constructor(private readonly witness: Witness) {}

  @SubscribeMessage('look')
  async look(@MessageBody() { id, key }: Asked): Promise<{ event: string; data: Told }> {
    return { event: 'told', data: { id, seen: await this.witness.look(key) } };
  }

  @SubscribeMessage('fail')
  fail(@MessageBody() { key }: Asked): Promise<never> {
    return this.witness.fail(key);
  }
}

/** A client of one tenant. */
interface Client {
  send(event: string, asked: Asked): void;
  close(): void;
}

interface Transport {
  readonly name: string;
  adapter(app: INestApplication): AbstractWsAdapter;
  connect(port: number, host: string, hear: (told: Told) => void): Promise<Client>;
  /** The code that the handshake is refused with. */
  refusal(port: number): Promise<unknown>;
}

const SOCKET_IO: Transport = {
  name: 'socket.io',
  adapter: (app) => new TenantIoAdapter(app),
  async connect(port, host, hear) {
    const socket = socketTo(port, host);
    socket.on('told', hear);
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    return {
      send: (event, asked) => void socket.emit(event, asked),
      close: () => void socket.disconnect(),
    };
  },
  async refusal(port) {
    const socket = socketTo(port, 'unknown.localhost');
    const error = await new Promise<Error & { data?: { code?: unknown } }>((resolve) => {
      socket.once('connect_error', resolve);
    });
    socket.disconnect();
    return error.data?.code;
  },
};

function socketTo(port: number, host: string): Socket {
  return io(`http://127.0.0.1:${port}`, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    extraHeaders: { host },
  });
}

const WS: Transport = {
  name: 'ws',
  adapter: (app) => new TenantWsAdapter(app),
  async connect(port, host, hear) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { headers: { host } });
    socket.on('message', (data: Buffer) => hear(JSON.parse(data.toString()).data));
    await once(socket, 'open');
    return {
      send: (event, data) => socket.send(JSON.stringify({ event, data })),
      close: () => socket.terminate(),
    };
  },
  async refusal(port) {
    const host = 'unknown.localhost';
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { headers: { host } });
    socket.on('error', () => undefined);
    const [, response] = await once(socket, 'unexpected-response');
    return ((await json(response)) as { code?: unknown }).code;
  },
};

/** One socket for each tenant, open all the time. */
class Conversation {
  private readonly clients = new Map<Slug, Client>();
  private readonly waiting = new Map<number, (told: Told) => void>();
  private last = 0;

  constructor(
    private readonly app: ContextsApp,
    private readonly transport: Transport,
  ) {}

  get port(): number {
    return (this.app.nest.getHttpServer().address() as AddressInfo).port;
  }

  async begin(): Promise<void> {
    for (const slug of TENANTS) {
      const hear = (told: Told) => this.waiting.get(told.id)?.(told);
      const client = await this.transport.connect(this.port, `${slug}.localhost`, hear);
      this.clients.set(slug, client);
    }
  }

  ask(slug: Slug, event: string, key: string): Promise<Told> {
    const id = (this.last += 1);
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.clients.get(slug)!.send(event, { id, key });
    });
  }

  end(): void {
    for (const client of this.clients.values()) client.close();
  }
}

function over(transport: Transport): EntryPoint {
  return {
    name: `WebSocket gateway on ${transport.name}`,
    refusal: 'TENANT_NOT_FOUND',
    async start(databases) {
      const app = await startContextsApp(databases, {
        providers: [WitnessGateway],
        configure: (nest) => void nest.useWebSocketAdapter(transport.adapter(nest)),
      });
      const conversation = new Conversation(app, transport);
      await conversation.begin();
      return {
        app,
        async enter(tenant, key) {
          const { seen, failed } = await conversation.ask(tenant, 'look', key);
          assert.ok(seen, failed);
          return seen;
        },
        async fail(tenant, key) {
          assert.equal((await conversation.ask(tenant, 'fail', key)).failed, ON_PURPOSE);
        },
        withoutTenant: () => transport.refusal(conversation.port),
        async stop() {
          conversation.end();
          await app.close();
        },
      };
    },
  };
}

export const entryPoints: readonly EntryPoint[] = [over(SOCKET_IO), over(WS)];
