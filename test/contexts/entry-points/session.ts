import cookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import { Controller, Get, Param, Req } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import expressSession from 'express-session';
import { TenantSessionModule, type SessionPackage } from 'nestjs-tenancy/session';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { startContextsApp, type ContextsApp } from '../app.js';
import type { EntryPoint, Slug } from '../entry-point.js';
import type { Seen } from '../sense.js';
import { Witness } from '../witness.js';

interface WithSession {
  readonly session: { owner?: string; visits?: number };
}

@Controller()
class SessionController {
  constructor(private readonly witness: Witness) {}

  @Get('begin/:owner')
  begin(@Req() { session }: WithSession, @Param('owner') owner: string): object {
    session.owner = owner;
    return {};
  }

  @Get('look/:key')
  async look(@Req() { session }: WithSession, @Param('key') key: string): Promise<Seen> {
    session.visits = (session.visits ?? 0) + 1;
    const seen = await this.witness.look(key);
    return { ...seen, session: session.owner };
  }

  @Get('fail/:key')
  fail(@Req() { session }: WithSession, @Param('key') key: string): Promise<never> {
    session.visits = (session.visits ?? 0) + 1;
    return this.witness.fail(key);
  }
}

/** Browsers of both tenants, over a few sockets that are kept open. */
class Browsers {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 20 });
  private readonly cookies = new Map<string, string>();

  constructor(private readonly app: ContextsApp) {}

  async begin(tenant: Slug): Promise<void> {
    const { cookies } = await this.get(`${tenant}.localhost`, `/begin/${tenant}`);
    this.cookies.set(tenant, cookies[0]!.split(';')[0]!);
  }

  async get(host: string, path: string, tenant = host.split('.')[0]!) {
    const { port } = this.app.nest.getHttpServer().address() as AddressInfo;
    const headers = { host, cookie: this.cookies.get(tenant) ?? '' };
    const sent = request({ host: '127.0.0.1', port, path, agent: this.agent, headers });
    const answered = once(sent, 'response');
    sent.end();
    const [response] = await answered;
    const cookies: string[] = response.headers['set-cookie'] ?? [];
    return { status: response.statusCode, body: (await json(response)) as object, cookies };
  }

  close(): void {
    this.agent.destroy();
  }
}

function over(
  platform: string,
  use: SessionPackage,
  makeAdapter: () => Promise<AbstractHttpAdapter>,
): EntryPoint {
  return {
    name: `Session on ${platform}`,
    refusal: 'TENANT_NOT_FOUND',
    async start(databases) {
      const secret = 'a secret of more than 32 characters';
      const app = await startContextsApp(databases, {
        adapter: await makeAdapter(),
        imports: [TenantSessionModule.forRoot({ use, secret })],
        controllers: [SessionController],
      });
      const browsers = new Browsers(app);
      for (const tenant of ['first', 'second'] as const) await browsers.begin(tenant);
      return {
        app,
        async enter(tenant, key) {
          const { status, body } = await browsers.get(`${tenant}.localhost`, `/look/${key}`);
          assert.equal(status, 200, JSON.stringify(body));
          return body;
        },
        async fail(tenant, key) {
          const { status } = await browsers.get(`${tenant}.localhost`, `/fail/${key}`);
          assert.equal(status, 500);
        },
        async withoutTenant(key) {
          const { body } = await browsers.get('unknown.localhost', `/look/${key}`, 'first');
          return 'code' in body ? body.code : undefined;
        },
        async stop() {
          browsers.close();
          await app.close();
        },
      };
    },
  };
}

export const entryPoints: readonly EntryPoint[] = [
  over('Express', expressSession, async () => new ExpressAdapter()),
  over('Fastify', fastifySession, async () => {
    const adapter = new FastifyAdapter();
    await adapter.getInstance().register(cookie);
    return adapter;
  }),
];
