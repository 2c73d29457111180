import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { clearedCookie } from './cleared-cookie.js';
import { answer, type Callback } from './answer.js';
import { withSessions } from './request-sessions.js';
import { servesSessions } from './serves-sessions.js';
import type { ExpressSession, ResolvedSessionOptions } from './session-options.js';
import type { SessionData, TenantSessionStore } from './session-store.js';
import { SessionStaleError } from './errors.js';

type Next = (error?: unknown) => void;
type Request = IncomingMessage & { readonly ip?: string };
export type Middleware = (request: Request, response: ServerResponse, next: Next) => void;

/**
 * `express-session` on the tenant's sessions, for requests of tenants that are served; others have none. It writes when
 * the response ends, which code outside of every request may do, a stream's: so that is brought back into the request.
 */
export function expressSessions(
  use: ExpressSession,
  store: TenantSessionStore,
  options: ResolvedSessionOptions,
): Middleware {
  const { name, secrets, cookie, lifetime } = options;
  const { persistent, ...attributes } = cookie;
  const session = use({
    store: storeOn(use, store),
    genid: (request: Request) =>
      store.newId({ ip: request.ip, userAgent: request.headers['user-agent'] }),
    name,
    secret: secrets,
    resave: false,
    saveUninitialized: false,
    rolling: persistent,
    unset: 'destroy',
    cookie: { ...attributes, httpOnly: true, ...(persistent && { maxAge: lifetime * 1_000 }) },
  } as never) as Middleware;

  return (request, response, next) => {
    if (!servesSessions()) return next();
    withSessions(() => {
      const scope = new AsyncResource('TenantSession');
      session(request, response, (error) => {
        if (error instanceof SessionStaleError) {
          response.appendHeader('Set-Cookie', clearedCookie(options));
        }
        response.end = scope.bind(response.end.bind(response));
        next(error);
      });
    });
  };
}

/** In the words of `express-session`, whose own class brings the rest that it asks of a store. */
function storeOn(use: ExpressSession, store: TenantSessionStore): object {
  class ExpressStore extends (use.Store as new () => object) {
    get(id: string, callback: Callback<SessionData | undefined>): void {
      answer(store.load(id), callback);
    }

    set(id: string, session: SessionData, callback?: Callback<void>): void {
      answer(store.save(id, session), callback);
    }

    touch(id: string, _session: SessionData, callback?: Callback<void>): void {
      answer(store.touch(id), callback);
    }

    destroy(id: string, callback?: Callback<void>): void {
      answer(store.destroy(id), callback);
    }
  }
  return new ExpressStore();
}
