import type { Server } from 'node:http';
import { performance } from 'node:perf_hooks';

/**
 * The time in milliseconds that this process spends on each request: from node's `request` event, before the framework
 * and its first middleware see it, to the end of the response. Call `take` for those since the last call.
 *
 * The end is the moment when the response is handed to the socket (`prefinish`), not when it has left.
 */
export class RequestSpans {
  private spans: number[] = [];

  constructor(server: Server) {
    server.prependListener('request', (_request, response) => {
      const start = performance.now();
      response.once('prefinish', () => this.spans.push(performance.now() - start));
    });
  }

  take(): number[] {
    const taken = this.spans;
    this.spans = [];
    return taken;
  }
}
