import { inspect } from 'node:util';
import type { ConnectionShare } from '../context/current-tenant.js';
import { TenantShareError } from './errors.js';

const KNOWN = new Set(['max', 'reserved']);

/**
 * What `tenants.share` answered for a tenant, if it can be.
 * @throws TenantShareError
 */
export function checkShare(answer: unknown, slug: string): ConnectionShare {
  const refuse = (problem: string) => new TenantShareError(slug, problem);
  if (typeof answer !== 'object' || answer === null) throw refuse(`is ${inspect(answer)}`);
  if ('then' in answer) throw refuse('is a promise');
  const unknown = Object.keys(answer).find((name) => !KNOWN.has(name));
  if (unknown !== undefined) throw refuse(`has a "${unknown}"`);
  const { max, reserved } = answer as { readonly max?: unknown; readonly reserved?: unknown };
  if (max !== undefined && !isWhole(max, 1)) throw refuse(`has the max ${inspect(max)}`);
  if (reserved !== undefined && !isWhole(reserved, 0)) {
    throw refuse(`has the reserved ${inspect(reserved)}`);
  }
  if (max !== undefined && reserved !== undefined && reserved > max) {
    throw refuse(`reserves ${reserved} of at most ${max}`);
  }
  return Object.freeze({
    ...(max !== undefined && { max }),
    ...(reserved !== undefined && { reserved }),
  });
}

function isWhole(value: unknown, least: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least;
}
