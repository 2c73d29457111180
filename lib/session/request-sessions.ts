import { AsyncLocalStorage } from 'node:async_hooks';

/** The client that a session begins with. */
export interface SessionClient {
  readonly ip?: string;
  readonly userAgent?: string;
}

/** What one request knows of a session: that it has made it, or what it has read. */
export type KnownSession =
  | { readonly kind: 'new'; readonly client: SessionClient }
  | {
      readonly kind: 'kept';
      /** Made by this very request: nobody else knows its id yet. */
      readonly made: boolean;
      readonly user?: string;
      /** All that the app put into it, as JSON: what is the same at the end of the request is not written again. */
      readonly data: string;
      readonly lastActivity: number;
    };

/** By the ids of sessions. */
export type RequestSessions = Map<string, KnownSession>;

const storage = new AsyncLocalStorage<RequestSessions>();

/** Runs the rest of a request, which has used no session yet. */
export function withSessions<T>(work: () => T): T {
  return storage.run(new Map(), work);
}

/** Of the running request; nothing outside of one. */
export function requestSessions(): RequestSessions {
  return storage.getStore() ?? new Map();
}
