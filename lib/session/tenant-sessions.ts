import { Inject, Injectable } from '@nestjs/common';
import { requireTenant } from '../context/tenant-context.js';
import { requestSessions } from './request-sessions.js';
import { keyOf, keyPrefix } from './session-id.js';
import { SESSION_OPTIONS, type ResolvedSessionOptions } from './session-options.js';
import { SESSION_ROWS, type SessionRow, type SessionRows } from './session-rows.js';
import { now } from './session-store.js';

/** A session, as a list of a user's devices shows it. Nothing in it can be put into a cookie. */
export interface TenantSession {
  /** For {@link TenantSessions.end}. */
  readonly id: string;
  /** Who is logged in. */
  readonly user?: string;
  /** Where it began. */
  readonly ipAddress?: string;
  /** What it began with. */
  readonly userAgent?: string;
  /** To within a twentieth of the lifetime. */
  readonly lastActivity: Date;
  /** Whether the running request is of this session. */
  readonly current: boolean;
}

export interface ListSessions {
  /** Only those of this user. */
  readonly user?: string;
  /** At most so many. Default 50. */
  readonly limit?: number;
  /** Leaves out so many of the first. Default 0. */
  readonly offset?: number;
}

/** The sessions of the tenant in context: whose they are, and their end. One that is ended is refused from then on. */
@Injectable()
export class TenantSessions {
  constructor(
    @Inject(SESSION_OPTIONS) private readonly options: ResolvedSessionOptions,
    @Inject(SESSION_ROWS) private readonly rows: SessionRows,
  ) {}

  /** Those that have not expired, the last used ones first. @throws TenantContextMissingError */
  async list({ user, limit = 50, offset = 0 }: ListSessions = {}): Promise<TenantSession[]> {
    const { generation } = requireTenant('TenantSessions.list()');
    const current = currentKey();
    const rows = await this.rows.find({
      user,
      prefix: keyPrefix(generation),
      after: now() - this.options.lifetime,
      limit,
      offset,
    });
    return rows.map((row) => sessionOf(row, current));
  }

  /** Ends one. @returns whether it was there @throws TenantContextMissingError */
  async end(id: string): Promise<boolean> {
    requireTenant('TenantSessions.end()');
    return this.rows.remove(id);
  }

  /**
   * Logs a user out everywhere, after a change of the password, say.
   * @param keepCurrent all but the session of the running request
   * @returns how many were ended
   * @throws TenantContextMissingError
   */
  async endUser(
    user: string,
    { keepCurrent = false }: { readonly keepCurrent?: boolean } = {},
  ): Promise<number> {
    requireTenant('TenantSessions.endUser()');
    return this.rows.removeAll({ user, ...(keepCurrent && { except: currentKey() }) });
  }

  /** Ends every session of the tenant. @returns how many @throws TenantContextMissingError */
  async endAll(): Promise<number> {
    requireTenant('TenantSessions.endAll()');
    return this.rows.removeAll({});
  }
}

/** The last that the request has made or read: a login makes one in place of the one that it came with. */
function currentKey(): string | undefined {
  const id = [...requestSessions().keys()].at(-1);
  return id === undefined ? undefined : keyOf(id);
}

function sessionOf(row: SessionRow, current: string | undefined): TenantSession {
  const { key, lastActivity, ...rest } = row;
  return {
    id: key,
    ...rest,
    lastActivity: new Date(lastActivity * 1_000),
    current: key === current,
  };
}
