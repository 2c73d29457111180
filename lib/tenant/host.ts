import { domainToASCII } from 'node:url';

/** Labels of letters, digits and inner hyphens, at most 63 characters each (RFC 1123). */
const HOST_NAME =
  /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** What `domainToASCII` may be given: it reads a URL's host, so `%41`, `/` and `@` would mean something to it. */
const INTERNATIONAL = /^[a-z0-9.\u0080-\uffff-]+$/;

/**
 * The one spelling of a host name, for comparing and storing: lower case, punycode, without port and trailing dot.
 * Undefined when `host` is no host name; an IPv6 address is none, an IPv4 address passes for one.
 */
export function normaliseHost(host: string): string | undefined {
  const name = host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
  // Nearly every request ends here; the conversion below costs twenty times as much.
  if (HOST_NAME.test(name)) return name.length <= 253 ? name : undefined;
  if (!INTERNATIONAL.test(name)) return undefined;
  const ascii = domainToASCII(name);
  return HOST_NAME.test(ascii) && ascii.length <= 253 ? ascii : undefined;
}
