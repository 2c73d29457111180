import { Controller, Get, Param } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { startContextsApp, type ContextsApp } from '../app.js';
import type { EntryPoint } from '../entry-point.js';
import type { Seen } from '../sense.js';
import { Witness } from '../witness.js';

@Controller()
class WitnessController {
  constructor(private readonly witness: Witness) {}

  @Get('look/:key')
  look(@Param('key') key: string): Promise<Seen> {
    return this.witness.look(key);
  }

  @Get('fail/:key')
  fail(@Param('key') key: string): Promise<never> {
    return this.witness.fail(key);
  }
}

/** Requests over a few sockets that are kept open, so that each socket serves both tenants. */
class Client {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 20 });

  constructor(private readonly app: ContextsApp) {}

  async get(host: string, path: string): Promise<{ status?: number; body: unknown }> {
    const { port } = this.app.nest.getHttpServer().address() as AddressInfo;
    const sent = request({ host: '127.0.0.1', port, path, agent: this.agent, headers: { host } });
    const answered = once(sent, 'response');
    sent.end();
    const [response] = await answered;
    return { status: response.statusCode, body: await json(response) };
  }

  close(): void {
    this.agent.destroy();
  }
}

function over(platform: string, adapter: () => AbstractHttpAdapter): EntryPoint {
  return {
    name: `HTTP on ${platform}`,
    refusal: 'TENANT_NOT_FOUND',
    async start(databases) {
      const app = await startContextsApp(databases, {
        adapter: adapter(),
        controllers: [WitnessController],
      });
      const client = new Client(app);
      return {
        app,
        async enter(tenant, key) {
          const { status, body } = await client.get(`${tenant}.localhost`, `/look/${key}`);
          assert.equal(status, 200, JSON.stringify(body));
          return body as Seen;
        },
        async fail(tenant, key) {
          const { status } = await client.get(`${tenant}.localhost`, `/fail/${key}`);
          assert.equal(status, 500);
        },
        async withoutTenant(key) {
          const { body } = await client.get('unknown.localhost', `/look/${key}`);
          return (body as { code?: unknown }).code;
        },
        async stop() {
          client.close();
          await app.close();
        },
      };
    },
  };
}

export const entryPoints: readonly EntryPoint[] = [
  over('Express', () => new ExpressAdapter()),
  over('Fastify', () => new FastifyAdapter()),
];
