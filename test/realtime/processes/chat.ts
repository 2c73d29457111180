import type { INestApplicationContext } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import type { Server, ServerOptions, Socket } from 'socket.io';
import { TenantIoAdapter } from '../../../lib/realtime/socket.io/index.js';

/** As apps of several processes have it. */
export class RedisIoAdapter extends TenantIoAdapter {
  private readonly clients: Redis[];

  constructor(app: INestApplicationContext, url: string) {
    super(app);
    this.clients = [new Redis(url), new Redis(url)];
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    const server: Server = super.createIOServer(port, options);
    const [publisher, subscriber] = this.clients;
    return server.adapter(createAdapter(publisher, subscriber));
  }

  override async dispose(): Promise<void> {
    for (const client of this.clients) client.disconnect();
  }
}

@WebSocketGateway()
export class ChatGateway {
  @WebSocketServer() server!: Server;

  @SubscribeMessage('join')
  async join(@ConnectedSocket() socket: Socket, @MessageBody() room: string) {
    await socket.join(room);
    return socket.id;
  }

  @SubscribeMessage('send')
  send(@MessageBody() { room, text }: { room?: string; text: string }) {
    return (room === undefined ? this.server : this.server.to(room)).emit('text', text);
  }

  @SubscribeMessage('list')
  async list() {
    return (await this.server.fetchSockets()).map(({ id }) => id);
  }

  @SubscribeMessage('join all')
  joinAll(@MessageBody() room: string) {
    this.server.socketsJoin(room);
    return true;
  }

  @SubscribeMessage('end all')
  endAll() {
    this.server.disconnectSockets();
  }
}
