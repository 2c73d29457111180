import { Inject, Injectable, Logger } from '@nestjs/common';
import { requireTenant, runCentrally, runForTenant } from '../context/tenant-context.js';
import type { CurrentTenant } from '../context/current-tenant.js';
import { TenantRegistry } from '../tenant/tenant-registry.js';
import { SessionFixationError, SessionStaleError } from './errors.js';
import {
  requestSessions,
  type KeptSession,
  type KnownSession,
  type SessionClient,
} from './request-sessions.js';
import { keyOf, newSessionId, ownerOf, type SessionOwner } from './session-id.js';
import { SESSION_OPTIONS, type ResolvedSessionOptions } from './session-options.js';
import { SESSION_ROWS, type SessionRows, type StoredSession } from './session-rows.js';

/** A session as the platforms' packages hold it: what the app put into it, and its cookie. */
export type SessionData = Record<string, unknown> & { cookie?: SessionCookieData };

interface SessionCookieData {
  readonly originalMaxAge?: number | null;
  readonly expires?: unknown;
}

const OPERATION = 'A session';

/** Of its lifetime, the part for which the use of a session is not written down again. */
const UNWRITTEN = 1 / 20;

const LONGEST = { ip: 45, userAgent: 500 };

/**
 * The sessions of the tenant in context, for `express-session` and `@fastify/session`. A session belongs to one tenant
 * and one generation of its data, which its id says; with another it is stale, is ended, and leads nowhere.
 */
@Injectable()
export class TenantSessionStore {
  private readonly logger = new Logger('TenantSessions');

  constructor(
    @Inject(SESSION_OPTIONS) private readonly options: ResolvedSessionOptions,
    @Inject(SESSION_ROWS) private readonly rows: SessionRows,
    private readonly registry: TenantRegistry,
  ) {}

  /** The id of a session that is new in this request. */
  newId(client: SessionClient): string {
    const id = newSessionId(requireTenant(OPERATION));
    requestSessions().set(id, { kind: 'new', client });
    return id;
  }

  /**
   * A session that has not expired; undefined when there is none.
   * @throws SessionStaleError once that session, and no other, is ended
   */
  async load(id: string): Promise<SessionData | undefined> {
    const tenant = requireTenant(OPERATION);
    const owner = ownerOf(id);
    if (owner === undefined) return undefined;
    await this.verify(id, owner, tenant);
    const row = await this.rows.read(keyOf(id));
    if (row === undefined || this.expired(row)) return undefined;
    const session = JSON.parse(row.payload) as SessionData;
    if (cookieExpired(session, row.lastActivity)) return undefined;
    requestSessions().set(id, this.kept(session, row.lastActivity));
    return session;
  }

  /**
   * Keeps a session. One that another request has ended since this one read it stays ended.
   * @throws SessionFixationError for a user in a session that was there before
   */
  async save(id: string, session: SessionData): Promise<void> {
    requireTenant(OPERATION);
    await requestSessions().writing.take(() => this.write(id, session));
  }

  /** Notes that a session was used; not each time, but often enough. */
  async touch(id: string): Promise<void> {
    requireTenant(OPERATION);
    const known = requestSessions().get(id);
    const time = now();
    if (known?.kind !== 'kept') return;
    if (time - known.lastActivity < this.options.lifetime * UNWRITTEN) return;
    await this.rows.touch(keyOf(id), time);
    requestSessions().set(id, { ...known, lastActivity: time });
  }

  async destroy(id: string): Promise<void> {
    requireTenant(OPERATION);
    const sessions = requestSessions();
    await sessions.writing.take(async () => {
      sessions.delete(id);
      await this.rows.remove(keyOf(id));
    });
  }

  private async write(id: string, session: SessionData): Promise<void> {
    const key = keyOf(id);
    const known = requestSessions().get(id) ?? (await this.read(key));
    if (known === undefined) return;
    const made = known.kind === 'new' || known.made;
    // As it is now: the app may go on with it while it is written.
    const payload = JSON.stringify(session);
    const kept = this.kept(session, now(), made);
    const { user, data, lastActivity } = kept;
    if (known.kind === 'new') {
      await this.rows.insert({ key, user, payload, lastActivity, ...clientOf(known.client) });
    } else if (known.data === data) {
      return this.touch(id);
    } else {
      if (!made && user !== undefined && user !== known.user) throw new SessionFixationError();
      await this.rows.update(key, { payload, lastActivity, user, expectedUser: known.user });
    }
    requestSessions().set(id, kept);
  }

  /** Reads memory alone, but for one case: another process knows of a younger generation than this one does. */
  private async verify(id: string, owner: SessionOwner, tenant: CurrentTenant): Promise<void> {
    if (owner.id !== tenant.id) {
      await this.endStale(owner, id);
      throw new SessionStaleError(
        `it is of tenant ${owner.id}, the request of tenant "${tenant.slug}"`,
      );
    }
    if (owner.generation === tenant.generation) return;
    if (owner.generation > tenant.generation) {
      this.registry.invalidate(tenant.id);
      const { generation } = await this.registry.byReference(tenant.id);
      if (owner.generation === generation) return;
    }
    await this.endStale(owner, id);
    throw new SessionStaleError(
      `it is of generation ${owner.generation} of tenant "${tenant.slug}", whose data was replaced since`,
    );
  }

  /** Whatever becomes of this, the request that brought the session is refused. */
  private async endStale({ id: tenantId }: SessionOwner, id: string): Promise<void> {
    try {
      await runCentrally('end a stale session', async () => {
        const tenant = await this.registry.lookup({ kind: 'id', value: tenantId });
        if (tenant !== null) await runForTenant(tenant, () => this.rows.remove(keyOf(id)));
      });
    } catch (error) {
      this.logger.error(
        `A stale session of tenant ${tenantId} could not be ended`,
        error instanceof Error ? error.stack : error,
      );
    }
  }

  private async read(key: string): Promise<KnownSession | undefined> {
    const row = await this.rows.read(key);
    return row && this.kept(JSON.parse(row.payload) as SessionData, row.lastActivity);
  }

  private kept(session: SessionData, lastActivity: number, made = false): KeptSession {
    return {
      kind: 'kept',
      made,
      user: this.options.user(session),
      data: dataOf(session),
      lastActivity,
    };
  }

  private expired({ lastActivity }: StoredSession): boolean {
    return lastActivity + this.options.lifetime <= now();
  }
}

/** Seconds since 1970. */
export function now(): number {
  return Math.floor(Date.now() / 1_000);
}

/** All but the cookie, whose expiry changes with every request. */
function dataOf(session: SessionData): string {
  return JSON.stringify({ ...session, cookie: undefined });
}

/**
 * Whether the cookie's own time is up, counted from the last use: the expiry in it is of the last time that the session
 * was written, which is put right.
 */
function cookieExpired({ cookie }: SessionData, lastActivity: number): boolean {
  const maxAge = cookie?.originalMaxAge;
  if (typeof maxAge !== 'number') return false;
  const expires = lastActivity * 1_000 + maxAge;
  Object.assign(cookie ?? {}, {
    expires: new Date(expires).toISOString(),
    originalExpires: undefined,
  });
  return expires <= Date.now();
}

function clientOf({ ip, userAgent }: SessionClient): { ipAddress?: string; userAgent?: string } {
  return {
    ...(ip !== undefined && { ipAddress: ip.slice(0, LONGEST.ip) }),
    ...(userAgent !== undefined && { userAgent: userAgent.slice(0, LONGEST.userAgent) }),
  };
}
