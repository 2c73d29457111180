import 'reflect-metadata';
import { Module, type INestApplication, type LoggerService, type Type } from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { once } from 'node:events';
import { request, type Agent, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TenancyHttpModule } from '../../lib/http/http.module.js';
import { resolveOptions } from '../../lib/options/resolve.js';
import type { TenancyOptions } from '../../lib/options/tenancy-options.js';
import { TENANCY_OPTIONS } from '../../lib/options/tokens.js';
import { TenantRegistry } from '../../lib/tenant/tenant-registry.js';

/** The platforms that every HTTP test runs on; `trustProxy` makes the app trust `X-Forwarded-*`. */
export const PLATFORMS: Record<string, (trustProxy?: boolean) => AbstractHttpAdapter> = {
  express(trustProxy = false) {
    const adapter = new ExpressAdapter();
    adapter.set('trust proxy', trustProxy);
    return adapter;
  },
  fastify: (trustProxy = false) => new FastifyAdapter({ trustProxy }),
};

export interface HttpApp {
  readonly adapter: AbstractHttpAdapter;
  readonly tenants: Pick<TenantRegistry, 'lookup'>;
  readonly options?: Pick<TenancyOptions, 'identify' | 'http'>;
  /** The app's own module: controllers, middleware, … */
  readonly module: Type;
  /** Called before the app listens: prefix, versioning, … */
  readonly configure?: (app: INestApplication) => void;
  readonly logger?: LoggerService;
}

/** Starts an app with the HTTP room on a free port. Close it with `app.close()`. */
export async function startHttpApp({
  adapter,
  tenants,
  options = {},
  module,
  configure,
  logger,
}: HttpApp): Promise<INestApplication> {
  const app = await NestFactory.create(
    {
      module: Root,
      imports: [
        {
          module: Core,
          global: true,
          providers: [
            { provide: TENANCY_OPTIONS, useValue: resolveOptions(options, {}) },
            { provide: TenantRegistry, useValue: tenants },
          ],
          exports: [TENANCY_OPTIONS, TenantRegistry],
        },
        { module: TenancyHttpModule, global: true },
        module,
      ],
    },
    adapter,
    { logger: logger ?? false, abortOnError: false },
  );
  configure?.(app);
  return app.listen(0, '127.0.0.1').then(() => app);
}

@Module({})
class Core {}

@Module({})
class Root {}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The parsed JSON, or the text of what is none. */
  readonly body: unknown;
}

export interface Asking {
  readonly host?: string;
  readonly headers?: Record<string, string>;
  readonly agent?: Agent;
  /** A POST body, sent chunk by chunk as they come. */
  readonly chunks?: AsyncIterable<string>;
}

/** One request; `host` goes out as the `Host` header, which `fetch` would not send. */
export async function ask(
  app: INestApplication,
  path: string,
  { host = 'localhost', headers = {}, agent, chunks }: Asking = {},
): Promise<Answer> {
  const { port } = app.getHttpServer().address() as AddressInfo;
  const sent = request({
    host: '127.0.0.1',
    port,
    path,
    agent,
    method: chunks === undefined ? 'GET' : 'POST',
    headers: { host, ...headers },
  });
  const answered = once(sent, 'response');
  for await (const chunk of chunks ?? []) sent.write(chunk);
  sent.end();
  const [response] = await answered;
  response.setEncoding('utf8');
  const text = (await response.toArray()).join('');
  const isJson = /json/.test(response.headers['content-type'] ?? '');
  return {
    status: response.statusCode,
    headers: response.headers,
    body: isJson ? JSON.parse(text) : text,
  };
}
