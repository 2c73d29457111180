// https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ (10): lists of structured fields, whose items
// are the names of policies. Their parameters are whole numbers.
import type { QuotaState } from './quota-state.js';

// Keys are small letters, digits and `_`, so that nothing in them has to be escaped.

/** `RateLimit-Policy`: what may be used (`q`) in how many seconds (`w`). */
export function policyField(states: readonly QuotaState[]): string {
  return states
    .map(({ key, limit, seconds }) => `"${key}"${parameter('q', limit)}${parameter('w', seconds)}`)
    .join(', ');
}

/** `RateLimit`: what is left (`r`), and in how many seconds it begins anew (`t`). */
export function rateLimitField(states: readonly QuotaState[], now = Date.now()): string {
  return states
    .map(({ key, remaining, resetsAt }) => {
      const t = resetsAt && Math.max(0, Math.ceil((resetsAt.getTime() - now) / 1_000));
      return `"${key}"${parameter('r', remaining)}${parameter('t', t)}`;
    })
    .join(', ');
}

function parameter(name: string, value: number | null): string {
  return value === null ? '' : `;${name}=${Math.floor(value)}`;
}
