import { connect, type Socket } from 'node:net';

/**
 * One HTTP/1.1 connection that has one request under way at a time, on a bare socket: a load generator that parsed each
 * response in full would take CPU from the server it measures. Understands what NestJS sends for JSON: a
 * `Content-Length` and no chunks.
 */
export class KeepAliveConnection {
  private received = '';
  private pending?: { resolve(response: string): void; reject(error: Error): void };

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (chunk: string) => this.receive(chunk));
    socket.on('error', (error) => this.pending?.reject(error));
    socket.on('close', () => this.pending?.reject(new Error('the app closed the connection')));
  }

  static async open(port: number): Promise<KeepAliveConnection> {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve, reject) =>
      socket.once('connect', resolve).once('error', reject),
    );
    return new KeepAliveConnection(socket);
  }

  /** Sends a whole request and gives the whole response, head and body. */
  send(request: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.pending = { resolve, reject };
      this.socket.write(request, 'latin1');
    });
  }

  close(): void {
    this.pending = undefined;
    this.socket.destroy();
  }

  private receive(chunk: string): void {
    this.received += chunk;
    const bodyStart = this.received.indexOf('\r\n\r\n') + 4;
    if (bodyStart < 4) return;
    const length = /\r\ncontent-length: (\d+)\r\n/i.exec(this.received)?.[1];
    if (length === undefined) {
      this.pending?.reject(new Error(`a response without Content-Length:\n${this.received}`));
      return;
    }
    if (this.received.length < bodyStart + Number(length)) return;
    const { received, pending } = this;
    this.received = '';
    pending?.resolve(received);
  }
}
