import { HttpModule, HttpService } from '@nestjs/axios';
import { Test } from '@nestjs/testing';
import { create } from 'axios';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { lastValueFrom } from 'rxjs';
import { runForTenant } from '../../lib/context/tenant-context.js';
import { tellTenant, tenantFetch, type OutgoingTenantOptions } from '../../lib/index.js';
import { codeOf } from '../support/rejection.js';
import { tenantNamed } from '../support/tenant-list.js';

const inTenant = <T>(slug: string, work: () => T) => runForTenant(tenantNamed(slug), work);

/** Answers with the header that it was sent; `/to/<address>` redirects there. */
async function startService(): Promise<Server> {
  const server = createServer((request, response) => {
    const to = /^\/to\/(.+)/.exec(request.url ?? '')?.[1];
    if (to !== undefined) response.writeHead(302, { location: decodeURIComponent(to) });
    response.end(String(request.headers['x-tenant'] ?? request.headers['x-for'] ?? 'nobody'));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
const portOf = (server: Server) => (server.address() as AddressInfo).port;

type Get = (url: string, headers?: Record<string, string>) => Promise<string>;

/** What the service was told, by each client. */
const CLIENTS: Record<string, (options: OutgoingTenantOptions) => Promise<Get> | Get> = {
  fetch(options) {
    const fetchInside = tenantFetch(options);
    return async (url, headers) => (await fetchInside(url, { headers })).text();
  },
  'fetch of a Request': (options) => {
    const fetchInside = tenantFetch(options);
    return async (url, headers) => (await fetchInside(new Request(url, { headers }))).text();
  },
  '@nestjs/axios': async (options) => {
    const module = await Test.createTestingModule({ imports: [HttpModule.register({})] }).compile();
    const http = module.get(HttpService);
    tellTenant(http.axiosRef, options);
    return async (url, headers) => String((await lastValueFrom(http.get(url, { headers }))).data);
  },
  'axios by fetch, with a base URL': (options) => {
    const client = create({ adapter: 'fetch' });
    tellTenant(client, options);
    return async (url, headers) => {
      const { origin, pathname } = new URL(url);
      return String((await client.get(pathname, { baseURL: origin, headers })).data);
    };
  },
  'axios by fetch, as it was before that looked at maxRedirects': (options) => {
    const client = create({
      adapter: async (config) => {
        const headers = Object.entries(config.headers.toJSON()).map(([name, value]) => [
          name,
          String(value),
        ]);
        const sent = { ...config.fetchOptions, headers: Object.fromEntries(headers) };
        const { ok, status, text } = await fetch(client.getUri(config), sent).then(read);
        if (!ok) throw new Error(`answered with ${status}`);
        return { data: text, status, statusText: '', headers: {}, config };
      },
    });
    tellTenant(client, options);
    return async (url, headers) => String((await client.get(url, { headers })).data);
  },
};

async function read(response: Response) {
  return { ok: response.ok, status: response.status, text: await response.text() };
}

describe.each(Object.keys(CLIENTS))('%s', (name) => {
  let inside: Server;
  let outside: Server;
  beforeAll(async () => {
    [inside, outside] = await Promise.all([startService(), startService()]);
  });
  afterAll(() => {
    for (const server of [inside, outside]) {
      server.closeAllConnections();
      server.close();
    }
  });
  const insideUrl = (path = '/') => `http://127.0.0.1:${portOf(inside)}${path}`;
  const outsideUrl = () => `http://127.0.0.1:${portOf(outside)}/`;
  const client = (more: Partial<OutgoingTenantOptions> = {}) =>
    CLIENTS[name]!({ hosts: [`127.0.0.1:${portOf(inside)}`], ...more });

  it('tells a listed host the tenant, and no other', async () => {
    const get = await client();
    expect(await inTenant('acme', () => get(insideUrl()))).toBe('acme');
    expect(await inTenant('acme', () => get(outsideUrl()))).toBe('nobody');
    expect(await get(insideUrl())).toBe('nobody');
  });

  it('tells each request its own, on sockets that are shared', async () => {
    const get = await client();
    const slugs = Array.from({ length: 100 }, (_, n) => `t${n % 3}`);
    const told = slugs.map((slug) =>
      inTenant(slug, async () => {
        await turn();
        return get(insideUrl());
      }),
    );
    expect(await Promise.all(told)).toEqual(slugs);
  });

  it('does not follow a redirect with it', async () => {
    const get = await client();
    const redirect = insideUrl(`/to/${encodeURIComponent(outsideUrl())}`);
    await expect(inTenant('acme', () => get(redirect))).rejects.toThrow();
    expect(await get(redirect)).toBe('nobody');
  });

  it('uses the header and the value that the options say, over what was given', async () => {
    const get = await client({ header: 'x-for', value: ({ id }) => id });
    expect(await inTenant('acme', () => get(insideUrl(), { 'X-For': 'bolt' }))).toBe('id-of-acme');
  });
});

describe('the list of hosts', () => {
  const told = async (host: string, url: string) => {
    let sent: Headers | undefined;
    const fetchInside = tenantFetch({ hosts: [host] }, async (_input, init) => {
      sent = new Headers(init?.headers);
      return new Response();
    });
    await inTenant('acme', () => fetchInside(url));
    return sent?.get('x-tenant') === 'acme';
  };

  it.each([
    ['billing.internal', 'https://billing.internal/'],
    ['Billing.Internal', 'https://BILLING.internal:8443/a?b'],
    ['billing.internal:443', 'https://billing.internal/'],
    ['billing.internal:80', 'http://billing.internal/'],
    ['*.svc.local', 'http://billing.svc.local:3000/'],
    ['*.svc.local', 'http://a.b.svc.local/'],
  ])('%s is %s', async (host, url) => {
    expect(await told(host, url)).toBe(true);
  });

  it.each([
    ['billing.internal', 'https://billing.internal.evil.example/'],
    ['billing.internal', 'https://evil-billing.internal/'],
    ['billing.internal', 'https://evil.example/billing.internal'],
    ['billing.internal', 'https://billing.internal@evil.example/'],
    ['billing.internal:443', 'https://billing.internal:8443/'],
    ['*.svc.local', 'http://svc.local/'],
    ['*.svc.local', 'http://evilsvc.local/'],
    ['*.svc.local', 'http://billing.svc.local.evil.example/'],
  ])('%s is not %s', async (host, url) => {
    expect(await told(host, url)).toBe(false);
  });

  it.each(['*', '*.com', '', 'https://billing.internal', 'billing.internal/a', 'a b', 'a.*.b'])(
    '"%s" is refused',
    async (host) => {
      expect(await codeOf(() => tenantFetch({ hosts: [host] }))).toBe('OUTGOING_HOST_INVALID');
    },
  );
});
