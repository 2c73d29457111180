/** A session as it is listed: all that is kept, without what the app put into it. */
export interface SessionRow {
  readonly key: string;
  readonly user?: string;
  readonly ipAddress?: string;
  readonly userAgent?: string;
  /** Seconds since 1970. */
  readonly lastActivity: number;
}

export interface StoredSession extends SessionRow {
  /** What the app put into it, and its cookie, as JSON. */
  readonly payload: string;
}

export interface FindSessions {
  /** Only those of this user. */
  readonly user?: string;
  /** Only those whose key begins with it. */
  readonly prefix: string;
  /** Only those that were used after this second. */
  readonly after: number;
  readonly limit: number;
  readonly offset: number;
}

export interface SessionChange extends Pick<StoredSession, 'payload' | 'lastActivity' | 'user'> {
  /** Whose it was when it was read. Another by now: it is left as it is. */
  readonly expectedUser?: string;
}

/** Where the sessions of the tenant in context are kept. */
export interface SessionRows {
  read(key: string): Promise<StoredSession | undefined>;
  insert(session: StoredSession): Promise<void>;
  /** A session that was ended in the meantime stays ended. */
  update(key: string, change: SessionChange): Promise<void>;
  touch(key: string, lastActivity: number): Promise<void>;
  /** @returns whether it was there */
  remove(key: string): Promise<boolean>;
  /** The last used ones first. */
  find(which: FindSessions): Promise<readonly SessionRow[]>;
  /** Of one user, or all: also those that no list shows any more. @returns how many */
  removeAll(which: { readonly user?: string; readonly except?: string }): Promise<number>;
  /** Removes at most `limit` sessions that were last used at `until` or before. @returns how many */
  sweep(until: number, limit: number): Promise<number>;
}

export const SESSION_ROWS = Symbol.for('nestjs-tenancy:session-rows');
