import { unknownKey } from '../options/unknown-key.js';
import { SessionOptionsError } from './errors.js';

/** The function that `express-session` or `@fastify/session` exports. */
export type SessionPackage = ExpressSession | FastifySession;

/** `import session from 'express-session'` */
export interface ExpressSession {
  (options: never): unknown;
  readonly Session: unknown;
  readonly Store: abstract new () => object;
}

/** `import session from '@fastify/session'` */
export interface FastifySession {
  (instance: never, options: never, done: never): unknown;
  readonly Store: unknown;
  readonly MemoryStore: unknown;
}

export interface SessionCookie {
  /** Default: the host that set it alone. With a domain, the cookie of one subdomain is sent to the others. */
  readonly domain?: string;
  /** Default `/`. Where tenants are told apart by the path, nothing else keeps their cookies apart. */
  readonly path?: string;
  /** Default `lax`. */
  readonly sameSite?: 'lax' | 'strict' | 'none';
  /** Default `auto`: on a connection that is secure, as the platform's `trust proxy` sees it. */
  readonly secure?: boolean | 'auto';
  /** Whether it outlives the browser's window, for `lifetime`. Default false. */
  readonly persistent?: boolean;
}

export interface TenantSessionOptions {
  /** What `express-session` or `@fastify/session` exports, whichever is the app's platform's. */
  readonly use: SessionPackage;
  /** Signs the cookie: at least 32 characters. Of several, the first signs, and all are accepted. */
  readonly secret: string | readonly string[];
  /** The name of the cookie. Default `sid`. */
  readonly name?: string;
  readonly cookie?: SessionCookie;
  /** Seconds without a request after which a session has expired. Default 7,200. */
  readonly lifetime?: number;
  /** Where sessions are kept: the table `sessions` of the tenant's database, or the option `redis`. Default `database`. */
  readonly store?: 'database' | 'redis';
  /**
   * Who is logged in to a session: what `TenantSessions` finds it by, at most 255 characters. Default: its `userId`,
   * else what Passport keeps in `passport.user`, where that is a string or a number.
   */
  readonly user?: (session: Readonly<Record<string, unknown>>) => string | undefined;
  /** Seconds between two sweeps for expired sessions, 2,147,483 at most; 0 for none in this process. Default 600. */
  readonly sweepInterval?: number;
}

/** The same with the defaults in it. */
export interface ResolvedSessionOptions {
  readonly use: SessionPackage;
  readonly secrets: readonly string[];
  readonly name: string;
  readonly cookie: Required<Omit<SessionCookie, 'domain'>> & Pick<SessionCookie, 'domain'>;
  readonly lifetime: number;
  readonly store: 'database' | 'redis';
  readonly user: (session: Readonly<Record<string, unknown>>) => string | undefined;
  readonly sweepInterval: number;
}

/** Of `TenantSessionModule`, resolved. */
export const SESSION_OPTIONS = Symbol.for('nestjs-tenancy:session-options');

const SECRET_LENGTH = 32;
/** Seconds: the longest time that a timer can have. One that is given more goes off at once, again and again. */
const LONGEST_INTERVAL = 2_147_483;
const KEYS = ['use', 'secret', 'name', 'cookie', 'lifetime', 'store', 'user', 'sweepInterval'];
const COOKIE_KEYS = ['domain', 'path', 'sameSite', 'secure', 'persistent'];

/** @throws SessionOptionsError */
export function resolveSessionOptions(options: TenantSessionOptions): ResolvedSessionOptions {
  const { use, secret, lifetime = 7_200, sweepInterval = 600, store = 'database' } = options;
  const unknown = unknownKey(options, KEYS) ?? unknownKey(options.cookie ?? {}, COOKIE_KEYS);
  if (unknown !== undefined) throw new SessionOptionsError(unknown);
  const secrets = typeof secret === 'string' ? [secret] : (secret ?? []);
  if (typeof use !== 'function') {
    throw new SessionOptionsError(
      '`use` is missing: give it what express-session or @fastify/session exports',
    );
  }
  if (secrets.length === 0 || secrets.some(({ length }) => length < SECRET_LENGTH)) {
    throw new SessionOptionsError(`\`secret\` needs at least ${SECRET_LENGTH} characters`);
  }
  checkSeconds('lifetime', lifetime, 1);
  checkSeconds('sweepInterval', sweepInterval, 0, LONGEST_INTERVAL);
  if (store !== 'database' && store !== 'redis') {
    throw new SessionOptionsError('`store` is neither "database" nor "redis"');
  }
  return {
    use,
    secrets,
    name: options.name ?? 'sid',
    cookie: { path: '/', sameSite: 'lax', secure: 'auto', persistent: false, ...options.cookie },
    lifetime,
    store,
    user: (session) => (options.user ?? userOf)(session) || undefined,
    sweepInterval,
  };
}

function checkSeconds(name: string, value: number, min: number, max = Infinity): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  const range = max === Infinity ? `from ${min} on` : `from ${min} to ${max}`;
  throw new SessionOptionsError(`\`${name}\` is not a whole number of seconds ${range}`);
}

function userOf({ userId, passport }: Readonly<Record<string, unknown>>): string | undefined {
  const user =
    userId ??
    (typeof passport === 'object' && passport !== null && 'user' in passport
      ? passport.user
      : undefined);
  return typeof user === 'string' || typeof user === 'number' ? String(user) : undefined;
}
