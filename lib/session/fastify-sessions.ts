import { AsyncResource } from 'node:async_hooks';
import type { IncomingHttpHeaders } from 'node:http';
import { answer, type Callback } from './answer.js';
import { clearedCookie } from './cleared-cookie.js';
import { SessionOptionsError, SessionStaleError } from './errors.js';
import { withSessions } from './request-sessions.js';
import { servesSessions } from './serves-sessions.js';
import type { FastifySession, ResolvedSessionOptions } from './session-options.js';
import type { SessionData, TenantSessionStore } from './session-store.js';

type Done = (error?: unknown) => void;

interface Request {
  readonly ip: string;
  readonly headers: IncomingHttpHeaders;
}

interface Reply {
  header(name: string, value: string): unknown;
}

type RequestHook = (request: Request, reply: Reply, done: Done) => void;
type SendHook = (request: Request, reply: Reply, payload: unknown, done: Done) => void;

/** What is used of a Fastify instance. */
export interface FastifyServer {
  register(plugin: (server: FastifyServer) => Promise<void>): unknown;
  hasPlugin(name: string): boolean;
  addHook(name: string, hook: RequestHook | SendHook): unknown;
}

/** With it a plugin is of the server itself, not of a part of it. */
const OF_THE_SERVER = Symbol.for('skip-override');

/**
 * `@fastify/session` on the tenant's sessions, as a plugin whose hooks do nothing in requests without a tenant that is
 * served. To be registered after the tenancy middleware, whose hook then goes first.
 */
export function fastifySessions(
  use: FastifySession,
  store: TenantSessionStore,
  options: ResolvedSessionOptions,
): (server: FastifyServer) => Promise<void> {
  const { name, secrets, cookie, lifetime } = options;
  const { persistent, ...attributes } = cookie;
  const settings = {
    store: storeOn(store),
    idGenerator: ({ ip, headers }: Request) =>
      store.newId({ ip, userAgent: headers['user-agent'] }),
    cookieName: name,
    secret: secrets,
    saveUninitialized: false,
    // Has it tell the store of every use, which is what keeps a session alive.
    rolling: true,
    cookie: { ...attributes, httpOnly: true, ...(persistent && { maxAge: lifetime * 1_000 }) },
  };
  const plugin = async (server: FastifyServer): Promise<void> => {
    if (!server.hasPlugin('@fastify/cookie')) {
      throw new SessionOptionsError(
        'the app has no cookies: add `await app.register(cookie)` of @fastify/cookie to main.ts, before app.listen()',
      );
    }
    await new Promise<void>((resolve, reject) => {
      const done: Done = (error) => (error === undefined ? resolve() : reject(error));
      use(withOwnHooks(server, options) as never, settings as never, done as never);
    });
  };
  return Object.assign(plugin, { [OF_THE_SERVER]: true });
}

/** `server` for the plugin, whose hooks are put into the request that they belong to, or left out of it. */
function withOwnHooks(server: FastifyServer, options: ResolvedSessionOptions): FastifyServer {
  const scopes = new WeakMap<Request, AsyncResource>();

  const onRequest =
    (hook: RequestHook): RequestHook =>
    (request, reply, done) => {
      if (!servesSessions()) return done();
      withSessions(() => {
        scopes.set(request, new AsyncResource('TenantSession'));
        hook(request, reply, (error) => {
          if (error instanceof SessionStaleError)
            reply.header('set-cookie', clearedCookie(options));
          done(error);
        });
      });
    };

  const onSend =
    (hook: SendHook): SendHook =>
    (request, reply, payload, done) => {
      const scope = scopes.get(request);
      if (scope === undefined) return done();
      scope.runInAsyncScope(hook, undefined, request, reply, payload, done);
    };

  return new Proxy(server, {
    get(target, property) {
      if (property === 'addHook') {
        return (name: string, hook: RequestHook & SendHook) =>
          target.addHook(name, name === 'onRequest' ? onRequest(hook) : onSend(hook));
      }
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** In the words of `@fastify/session`. */
function storeOn(store: TenantSessionStore): object {
  return {
    get(id: string, callback: Callback<SessionData | undefined>): void {
      answer(store.load(id), callback);
    },
    set(id: string, session: SessionData, callback: Callback<void>): void {
      answer(store.save(id, session), callback);
    },
    destroy(id: string, callback: Callback<void>): void {
      answer(store.destroy(id), callback);
    },
  };
}
