import cookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import {
  Body,
  Controller,
  Delete,
  Get,
  Module,
  Param,
  Post,
  Req,
  Res,
  type INestApplication,
  type LoggerService,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import expressSession from 'express-session';
import { request as send } from 'node:http';
import { AsyncResource } from 'node:async_hooks';
import type { AddressInfo } from 'node:net';
import {
  CentralRoute,
  Tenancy,
  TenancyModule,
  type TenancyModuleOptions,
} from '../../lib/index.js';
import {
  TenantSessionModule,
  TenantSessions,
  type TenantSessionOptions,
} from '../../lib/session/index.js';
import type { EngineSetup } from '../support/engines.js';
import { optionsOn } from '../support/tenancy-app.js';

export const SECRET = 'a secret of more than 32 characters';

export type Platform = 'express' | 'fastify';
export const PLATFORMS: readonly Platform[] = ['express', 'fastify'];

const ELSEWHERE = new AsyncResource('elsewhere');

/** A session as both platforms have it. */
interface Session extends Record<string, unknown> {
  regenerate(done: (error?: unknown) => void): void;
  destroy(done: (error?: unknown) => void): void;
  save(done: (error?: unknown) => void): void;
}

interface Request {
  readonly session?: Session;
}

const done = (work: (callback: (error?: unknown) => void) => void) =>
  new Promise<void>((resolve, reject) =>
    work((error) => (error ? reject(error as Error) : resolve())),
  );

/** What an app does with sessions. */
@Controller()
class Routes {
  constructor(
    private readonly sessions: TenantSessions,
    private readonly tenancy: Tenancy,
  ) {}

  @Get('session')
  read(@Req() request: Request) {
    const { cookie: _cookie, ...data }: Record<string, unknown> = { ...request.session };
    return { ...data, tenant: this.tenancy.require().slug };
  }

  @Post('session')
  write(@Req() request: Request, @Body() body: object) {
    Object.assign(request.session!, body);
    return {};
  }

  @Post('login/:user')
  async login(@Req() request: Request, @Param('user') user: string) {
    await done((callback) => request.session!.regenerate(callback));
    request.session!['userId'] = user;
    return {};
  }

  /** As it must not be done: on the id that the client came with. */
  @Post('careless-login/:user')
  async carelessLogin(@Req() request: Request, @Param('user') user: string) {
    request.session!['userId'] = user;
    await done((callback) => request.session!.save(callback));
    return {};
  }

  /** Saves a new session, and goes on without waiting for it. */
  @Post('hasty')
  hasty(@Req() request: Request) {
    request.session!['first'] = 1;
    request.session!.save((error) => {
      if (error) throw error as Error;
    });
    request.session!['second'] = 2;
    return {};
  }

  /** Ends a new session while it is still being saved. */
  @Post('hasty-logout')
  async hastyLogout(@Req() request: Request) {
    request.session!['first'] = 1;
    const saved = done((callback) => request.session!.save(callback));
    await done((callback) => request.session!.destroy(callback));
    await saved;
    return {};
  }

  @Post('logout')
  async logout(@Req() request: Request) {
    await done((callback) => request.session!.destroy(callback));
    return {};
  }

  /** Ends the session from elsewhere while this request is still on its way. */
  @Post('ended-meanwhile')
  async endedMeanwhile(@Req() request: Request) {
    request.session!['late'] = true;
    await this.sessions.endAll();
    return {};
  }

  /** Answers from a callback that belongs to no request, as that of a shared socket does. */
  @Post('answered-from-elsewhere')
  answerFromElsewhere(@Req() request: Request, @Res() response: { send(body: object): void }) {
    request.session!['late'] = true;
    ELSEWHERE.runInAsyncScope(() => response.send({}));
  }

  @Get('sessions')
  list() {
    return this.sessions.list();
  }

  @Delete('sessions/:id')
  async end(@Param('id') id: string) {
    return { ended: await this.sessions.end(id) };
  }

  @Delete('users/:user/sessions')
  async endUser(@Param('user') user: string) {
    return { ended: await this.sessions.endUser(user, { keepCurrent: true }) };
  }

  @CentralRoute()
  @Get('central')
  central(@Req() request: Request) {
    return { hasSession: request.session != null };
  }
}

@Module({})
class Root {}

export interface SessionAppParts {
  readonly session?: Partial<TenantSessionOptions>;
  readonly tenancy?: TenancyModuleOptions;
  readonly logger?: LoggerService;
}

export async function startSessionApp(
  platform: Platform,
  setup: EngineSetup,
  { session, tenancy, logger }: SessionAppParts = {},
): Promise<INestApplication> {
  const use = platform === 'express' ? expressSession : fastifySession;
  const root = {
    module: Root,
    imports: [
      TenancyModule.forRoot(optionsOn(setup, tenancy)),
      TenantSessionModule.forRoot({ use, secret: SECRET, sweepInterval: 0, ...session }),
    ],
    controllers: [Routes],
  };
  const options = { logger: logger ?? (false as const), abortOnError: false };
  if (platform === 'express') {
    const app = await NestFactory.create(root, new ExpressAdapter(), options);
    await app.listen(0, '127.0.0.1');
    return app;
  }
  const app = await NestFactory.create<NestFastifyApplication>(root, new FastifyAdapter(), options);
  await app.register(cookie);
  await app.listen(0, '127.0.0.1');
  return app;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly setCookie: readonly string[];
}

/** A browser, with one cookie jar for all hosts: what a real one keeps apart is brought to the other tenant here. */
export class Browser {
  readonly jar = new Map<string, string>();

  constructor(private readonly app: INestApplication) {}

  get(host: string, path: string): Promise<Reply> {
    return this.send('GET', host, path);
  }

  post(host: string, path: string, body: object = {}): Promise<Reply> {
    return this.send('POST', host, path, body);
  }

  delete(host: string, path: string): Promise<Reply> {
    return this.send('DELETE', host, path);
  }

  private send(method: string, host: string, path: string, body?: object): Promise<Reply> {
    const { port } = this.app.getHttpServer().address() as AddressInfo;
    const headers = {
      host,
      'user-agent': 'a browser',
      cookie: [...this.jar].map(([name, value]) => `${name}=${value}`).join('; '),
      ...(body && { 'content-type': 'application/json' }),
    };
    return new Promise((resolve, reject) => {
      const sent = send({ host: '127.0.0.1', port, path, method, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          const setCookie = response.headers['set-cookie'] ?? [];
          this.keep(setCookie);
          resolve({
            status: response.statusCode ?? 0,
            body: text === '' ? undefined : JSON.parse(text),
            setCookie,
          });
        });
      });
      sent.on('error', reject);
      sent.end(body && JSON.stringify(body));
    });
  }

  private keep(setCookie: readonly string[]): void {
    for (const line of setCookie) {
      const [pair, ...attributes] = line.split('; ');
      const at = pair!.indexOf('=');
      const expires = attributes.find((one) => one.startsWith('Expires='))?.slice(8);
      if (expires !== undefined && Date.parse(expires) <= Date.now()) {
        this.jar.delete(pair!.slice(0, at));
      } else this.jar.set(pair!.slice(0, at), pair!.slice(at + 1));
    }
  }
}
