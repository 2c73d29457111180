import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';

export interface Refused {
  readonly message: string;
  readonly data?: unknown;
}

/** Clients of one app. They are closed together. */
export class SocketIoClients {
  private readonly open: Socket[] = [];

  /** @param port gives it when a client connects, for an app that is not started yet */
  constructor(private readonly port: () => number) {}

  /** Connects as to `host`, over WebSocket unless told otherwise. */
  client(
    host: string,
    {
      namespace = '',
      ...more
    }: Partial<ManagerOptions & SocketOptions> & { namespace?: string } = {},
  ): Socket {
    const socket = io(`http://127.0.0.1:${this.port()}${namespace}`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      extraHeaders: { host },
      ...more,
    });
    this.open.push(socket);
    return socket;
  }

  /** Resolves when it is connected. */
  async connect(...args: Parameters<SocketIoClients['client']>): Promise<Socket> {
    const socket = this.client(...args);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return socket;
  }

  /** What the handshake is refused with. */
  async refused(...args: Parameters<SocketIoClients['client']>): Promise<Refused> {
    const socket = this.client(...args);
    return new Promise((resolve, reject) => {
      socket.once('connect', () => reject(new Error('It was let in')));
      socket.once('connect_error', resolve);
    });
  }

  close(): void {
    for (const socket of this.open) socket.disconnect();
  }
}

/** All that a client is sent, as `event:payload`. */
export function heardBy(socket: Socket): string[] {
  const heard: string[] = [];
  socket.onAny((event, payload) => heard.push(`${event}:${JSON.stringify(payload)}`));
  return heard;
}
