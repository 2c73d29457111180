import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { WebSocket } from 'ws';

export interface Answered {
  readonly status?: number;
  readonly body: unknown;
}

/** Clients of one app. They are closed together. */
export class WsClients {
  private readonly open: WebSocket[] = [];

  /** @param port gives it when a client connects, for an app that is not started yet */
  constructor(private readonly port: () => number) {}

  client(host: string, path = '/', headers: Record<string, string> = {}): WebSocket {
    const socket = new WebSocket(`ws://127.0.0.1:${this.port()}${path}`, {
      headers: { host, ...headers },
    });
    this.open.push(socket);
    return socket;
  }

  /** Resolves when it is connected. */
  async connect(...args: Parameters<WsClients['client']>): Promise<WebSocket> {
    const socket = this.client(...args);
    await once(socket, 'open');
    return socket;
  }

  /** What the handshake is answered with. */
  async refused(...args: Parameters<WsClients['client']>): Promise<Answered> {
    const socket = this.client(...args);
    // It complains of being ended before it was open.
    socket.on('error', () => undefined);
    const response: IncomingMessage = await new Promise((resolve, reject) => {
      socket.once('open', () => reject(new Error('It was let in')));
      socket.once('unexpected-response', (_request, answer) => resolve(answer));
    });
    return { status: response.statusCode, body: JSON.parse(await text(response)) };
  }

  close(): void {
    for (const socket of this.open) socket.terminate();
  }
}

/** Sends a message, and gives the next answer. */
export async function askWs(socket: WebSocket, event: string, data?: unknown): Promise<unknown> {
  const answered = once(socket, 'message');
  socket.send(JSON.stringify({ event, data }));
  return JSON.parse(String((await answered)[0]));
}

/** All that a client is sent. */
export function heardOverWs(socket: WebSocket): unknown[] {
  const heard: unknown[] = [];
  socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString())));
  return heard;
}
