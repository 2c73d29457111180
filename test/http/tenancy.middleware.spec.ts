import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { currentTenant } from '../../lib/context/tenant-context.js';
import { TenancyMiddleware } from '../../lib/http/tenancy.middleware.js';
import { IdentifierChain } from '../../lib/identify/chain.js';
import { resolveOptions } from '../../lib/options/resolve.js';
import { later, TenantsInMemory } from '../support/tenants-in-memory.js';

describe('the middleware', () => {
  const tenants = new TenantsInMemory();
  tenants.add('acme');
  const middleware = new TenancyMiddleware(new IdentifierChain(resolveOptions({}, {}), tenants));
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const request = () => ({ hostname: 'acme.localhost', headers: {} });

  it('goes on in the same turn while the tenant is in memory', () => {
    tenants.answers = (answer) => answer;
    const slugs: unknown[] = [];
    const returned = middleware.use(request(), response, () => slugs.push(currentTenant()?.slug));
    expect(slugs).toEqual(['acme']);
    expect(returned).toBeUndefined();
    expect(currentTenant()).toBeUndefined();
  });

  it('goes on in the context of the tenant that was waited for', async () => {
    tenants.answers = later;
    const slugs: unknown[] = [];
    await middleware.use(request(), response, () => slugs.push(currentTenant()?.slug));
    expect(slugs).toEqual(['acme']);
    expect(currentTenant()).toBeUndefined();
  });

  it.each([
    [
      'at once',
      (error: Error) => {
        throw error;
      },
    ],
    ['later', (error: Error) => Promise.reject(error)],
  ])('hands on what the search fails with %s, as it is and once', async (_when, fail) => {
    const error = new Error('central database is down');
    tenants.answers = () => fail(error);
    const handedOn: unknown[] = [];
    await middleware.use(request(), response, (given) => handedOn.push(given));
    expect(handedOn).toEqual([error]);
  });
});
