import { serialize } from 'cookie';
import type { ResolvedSessionOptions } from './session-options.js';

/** The header that has a browser forget the session's cookie. */
export function clearedCookie({ name, cookie }: ResolvedSessionOptions): string {
  const { path, domain } = cookie;
  return serialize(name, '', { path, domain, httpOnly: true, expires: new Date(0) });
}
