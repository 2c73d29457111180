export { SessionFixationError, SessionOptionsError, SessionStaleError } from './errors.js';
export type {
  ExpressSession,
  FastifySession,
  SessionCookie,
  SessionPackage,
  TenantSessionOptions,
} from './session-options.js';
export { TenantSessionStore, type SessionData } from './session-store.js';
export { SessionSweeper } from './session-sweeper.js';
export { TenantSessionModule, type TenantSessionOptionsFactory } from './tenant-session.module.js';
export { TenantSessions, type ListSessions, type TenantSession } from './tenant-sessions.js';
