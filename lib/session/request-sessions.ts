import { AsyncLocalStorage } from 'node:async_hooks';
import { Turns } from '../tenant/turns.js';

/** The client that a session begins with. */
export interface SessionClient {
  readonly ip?: string;
  readonly userAgent?: string;
}

/** A session as it was read or written last. */
export interface KeptSession {
  readonly kind: 'kept';
  /** Made by this very request: nobody else knows its id yet. */
  readonly made: boolean;
  readonly user?: string;
  /** All that the app put into it, as JSON: what is the same at the end of the request is not written again. */
  readonly data: string;
  readonly lastActivity: number;
}

/** What one request knows of a session: that it has made it, or what it has read. */
export type KnownSession = { readonly kind: 'new'; readonly client: SessionClient } | KeptSession;

/** By the ids of sessions. */
class RequestSessions extends Map<string, KnownSession> {
  /** One write after the other: each goes by what the one before has left, whoever waited for that. */
  readonly writing = new Turns(1);
}

const storage = new AsyncLocalStorage<RequestSessions>();

/** Runs the rest of a request, which has used no session yet. */
export function withSessions<T>(work: () => T): T {
  return storage.run(new RequestSessions(), work);
}

/** Of the running request; nothing outside of one. */
export function requestSessions(): RequestSessions {
  return storage.getStore() ?? new RequestSessions();
}
