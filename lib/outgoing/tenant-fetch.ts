import { TenantHeader, type OutgoingTenantOptions } from './tenant-header.js';

type Fetch = typeof globalThis.fetch;

/**
 * Makes a `fetch` that tells listed hosts the tenant, in a header. Without a tenant, and to all other hosts, it is the
 * `fetch` it was.
 *
 * A request that carries the header follows no redirect, because that could lead the header to anybody: an answer that
 * would be followed is an error, as with `redirect: 'error'`; `redirect: 'manual'` gives the answer itself.
 *
 * ```ts
 * const fetchInside = tenantFetch({ hosts: ['billing.internal'] });
 * await fetchInside('https://billing.internal/invoices');
 * ```
 *
 * @param fetch the one to be used, such as undici's. Default: node's
 * @throws OutgoingHostInvalidError
 */
export function tenantFetch(
  options: OutgoingTenantOptions,
  fetch: Fetch = globalThis.fetch,
): Fetch {
  const header = new TenantHeader(options);
  return async (input, init = {}) => {
    const isRequest = typeof input === 'object' && 'headers' in input;
    const value = header.valueFor(new URL(isRequest ? input.url : input));
    if (value === undefined) return fetch(input, init);
    const headers = new Headers(init.headers ?? (isRequest ? input.headers : undefined));
    headers.set(header.name, value);
    const redirect = init.redirect ?? (isRequest ? input.redirect : 'follow');
    return fetch(input, {
      ...init,
      headers,
      redirect: redirect === 'follow' ? 'error' : redirect,
    });
  };
}
