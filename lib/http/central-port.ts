import type { HttpAdapterHost } from '@nestjs/core';
import { once } from 'node:events';
import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { markAsByCentralPort } from '../identify/central-port.js';

/**
 * A port of an app beside its own, that leads to some central routes and to nothing else. What comes by it goes through the
 * app as what comes by the other port does; `cameByCentralPort` tells the two apart.
 */
export class CentralPort {
  private readonly server: Server;

  /** @param leadsTo whether a path, without its query, is one of those routes' */
  constructor(
    private readonly app: HttpAdapterHost,
    private readonly leadsTo: (path: string) => boolean,
  ) {
    this.server = createServer((request, response) => this.answer(request, response));
  }

  /** Takes the port; requests are refused with 503 until the app listens. @throws what node does, as for a port in use */
  async open(port: number, host: string): Promise<void> {
    this.server.listen(port, host);
    await once(this.server, 'listening');
  }

  /** Takes no more requests, and waits for those that are under way. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    if (!this.app.listening) return refuse(response, 503);
    if (!this.leadsTo(pathOf(request))) return refuse(response, 404);
    // One that is under way while the port is closed would keep its connection for who may come next.
    response.once('close', () => {
      if (!this.server.listening) this.server.closeIdleConnections();
    });
    markAsByCentralPort(request);
    listenerOf(this.app)(request, response);
  }
}

function refuse(response: ServerResponse, status: number): void {
  const title = STATUS_CODES[status];
  if (status === 503) response.setHeader('Retry-After', '1');
  response.writeHead(status, { 'Content-Type': 'application/problem+json' });
  response.end(JSON.stringify({ type: 'about:blank', title, status, detail: title }));
}

/** Empty for one that climbs by dots, or is otherwise not as a client of these routes would write it. */
function pathOf({ url = '' }: IncomingMessage): string {
  const [path = ''] = url.split('?', 1);
  const base = 'http://localhost';
  return URL.canParse(path, base) && new URL(path, base).pathname === path ? path : '';
}

/** What the app's own server gives its requests to. */
function listenerOf({ httpAdapter }: HttpAdapterHost): RequestListener {
  const platform: unknown = httpAdapter.getInstance();
  if (hasRouting(platform)) return platform.routing;
  return platform as RequestListener;
}

/** Fastify's is an object that has it as a method; Express's is the function itself. */
function hasRouting(platform: unknown): platform is { readonly routing: RequestListener } {
  return typeof platform === 'object' && platform !== null && 'routing' in platform;
}
