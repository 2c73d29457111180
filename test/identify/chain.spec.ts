import { createHook } from 'node:async_hooks';
import { byCustom } from '../../lib/identify/by-custom.js';
import { byDomain } from '../../lib/identify/by-domain.js';
import { byHeader } from '../../lib/identify/by-header.js';
import { bySubdomain } from '../../lib/identify/by-subdomain.js';
import { IdentifierChain } from '../../lib/identify/chain.js';
import { TenancyOptionsError } from '../../lib/options/errors.js';
import {
  InvalidTenantKey,
  type IdentifiableRequest,
  type Identifier,
} from '../../lib/options/identifier.js';
import { resolveOptions } from '../../lib/options/resolve.js';
import { later, TenantsInMemory } from '../support/tenants-in-memory.js';

const tenants = new TenantsInMemory();
const acme = tenants.add('acme', { domains: ['acme.de'] });
const globex = tenants.add('globex', { domains: ['globex.de'] });

const atHost = (hostname: string, headers: IdentifiableRequest['headers'] = {}) => ({
  hostname,
  headers,
});

function chain(identify?: Identifier[], centralHosts: string[] = []): IdentifierChain {
  return new IdentifierChain(resolveOptions({ identify, http: { centralHosts } }, {}), tenants);
}

/** A stand-in for a verified token: what the header says is believed. */
const credential = byCustom({
  name: 'token',
  forgeable: false,
  credential: true,
  identify: ({ headers }) => headers.token as string | undefined,
});
const bySecondCredential = byCustom({
  name: 'key',
  forgeable: false,
  credential: true,
  identify: ({ headers }) => headers.key as string | undefined,
});
const header = byHeader({ name: 'x-tenant', trusted: true });
const refusing = byCustom({
  name: 'broken',
  forgeable: false,
  identify: () => new InvalidTenantKey('broken'),
});
const unreached = byCustom({
  name: 'unreached',
  forgeable: false,
  identify: () => {
    throw new Error('must not be asked');
  },
});

describe.each([
  ['from memory', (answer: Parameters<typeof later>[0]) => answer],
  ['from the central database', later],
])('the chain, with tenants %s', (_how, answers) => {
  beforeEach(() => (tenants.answers = answers));

  it('finds slugs before localhost and domains by default', async () => {
    expect(await chain().identify(atHost('acme.localhost'))).toEqual({
      kind: 'found',
      tenant: acme,
      by: 'subdomain',
    });
    expect(await chain().identify(atHost('globex.de'))).toEqual({
      kind: 'found',
      tenant: globex,
      by: 'domain',
    });
  });

  it('says that no identifier found a key', async () => {
    const outcome = await chain([header]).identify(atHost('acme.de'));
    expect(outcome).toEqual({ kind: 'none', onCentralHost: false });
  });

  it('says which key nobody has, the first of several', async () => {
    const outcome = await chain().identify(atHost('nobody.localhost'));
    expect(outcome).toEqual({
      kind: 'unknown',
      by: 'subdomain',
      key: { kind: 'slug', value: 'nobody' },
      credential: false,
    });
  });

  it('goes on after a key that nobody has', async () => {
    const outcome = await chain([header, byDomain()]).identify(
      atHost('acme.de', { 'x-tenant': 'nobody' }),
    );
    expect(outcome).toEqual({ kind: 'found', tenant: acme, by: 'domain' });
  });

  it('takes the first that finds a tenant and asks no further', async () => {
    const both = atHost('acme.de', { 'x-tenant': 'globex' });
    expect(await chain([byDomain(), header, unreached]).identify(both)).toMatchObject({
      tenant: acme,
      by: 'domain',
    });
    expect(await chain([header, byDomain(), unreached]).identify(both)).toMatchObject({
      tenant: globex,
      by: 'header x-tenant',
    });
  });

  it('ends at a key that cannot be one', async () => {
    const outcome = await chain([refusing, unreached]).identify(atHost('acme.de'));
    expect(outcome).toEqual({
      kind: 'invalid',
      by: 'broken',
      problem: 'broken',
      credential: false,
    });
  });

  it('ends at a credential that does not verify, before the host is asked', async () => {
    const expired = { ...refusing, credential: true };
    const outcome = await chain([unreached, expired]).identify(atHost('acme.de'));
    expect(outcome).toMatchObject({ kind: 'invalid', by: 'broken' });
  });

  describe('with authorize', () => {
    const guarded = (allowed: boolean | Promise<boolean>) =>
      byHeader({ name: 'x-tenant', authorize: () => allowed });

    it.each([false, Promise.resolve(false)])('forbids on %p, and asks no further', async (no) => {
      const outcome = await chain([guarded(no), unreached]).identify(
        atHost('globex.de', { 'x-tenant': 'acme' }),
      );
      expect(outcome).toEqual({
        kind: 'forbidden',
        by: 'header x-tenant',
        problem: 'authorize refused tenant "acme"',
      });
    });

    it.each([true, Promise.resolve(true)])('finds on %p', async (yes) => {
      const outcome = await chain([guarded(yes)]).identify(atHost('x.de', { 'x-tenant': 'acme' }));
      expect(outcome).toMatchObject({ kind: 'found', tenant: acme });
    });

    it('hands it the tenant and the request', async () => {
      const asked: unknown[] = [];
      const asking = byHeader({ name: 'x-tenant', authorize: (what) => asked.push(what) > 0 });
      const request = atHost('x.de', { 'x-tenant': 'acme' });
      await chain([asking]).identify(request);
      expect(asked).toEqual([{ tenant: acme, request }]);
    });

    it('fails with what it throws', async () => {
      const failing = byHeader({
        name: 'x-tenant',
        authorize: () => Promise.reject(new Error('membership store is down')),
      });
      const outcome = chain([failing]).identify(atHost('x.de', { 'x-tenant': 'acme' }));
      await expect(outcome).rejects.toThrow('membership store is down');
    });
  });

  describe('with a credential', () => {
    const identify = (request: IdentifiableRequest) =>
      chain([bySubdomain({ of: 'localhost' }), header, byDomain(), credential]).identify(request);

    it('asks it first, whatever its place', async () => {
      const outcome = await identify(atHost('unknown.de', { token: 'acme' }));
      expect(outcome).toEqual({ kind: 'found', tenant: acme, by: 'token' });
    });

    it('accepts that the host agrees', async () => {
      const outcome = await identify(atHost('acme.de', { token: 'acme' }));
      expect(outcome).toEqual({ kind: 'found', tenant: acme, by: 'token' });
    });

    it.each([
      ['the host', atHost('globex.de', { token: 'acme' }), 'domain'],
      ['a header', atHost('x.de', { token: 'acme', 'x-tenant': 'globex' }), 'header x-tenant'],
      ['the last of several', atHost('globex.de', { token: 'acme', 'x-tenant': 'acme' }), 'domain'],
    ])('forbids when %s leads to another tenant', async (_what, request, by) => {
      expect(await identify(request)).toEqual({
        kind: 'forbidden',
        by,
        problem: 'token names another tenant than "globex"',
      });
    });

    it('forbids when it names a tenant that is gone and the host leads to one', async () => {
      expect(await identify(atHost('globex.de', { token: 'gone' }))).toMatchObject({
        kind: 'forbidden',
        by: 'domain',
      });
    });

    it('says unknown when it names a tenant that is gone and nothing else leads to one', async () => {
      expect(await identify(atHost('x.de', { token: 'gone' }))).toMatchObject({
        kind: 'unknown',
        by: 'token',
        credential: true,
      });
    });

    it('lets the host decide when there is none', async () => {
      expect(await identify(atHost('globex.de'))).toMatchObject({ tenant: globex, by: 'domain' });
    });

    it('forbids two that disagree', async () => {
      const outcome = await chain([credential, bySecondCredential]).identify(
        atHost('x.de', { token: 'acme', key: 'globex' }),
      );
      expect(outcome).toMatchObject({ kind: 'forbidden', by: 'key' });
    });

    it('still asks authorize of an identifier that agrees', async () => {
      const refused = byHeader({ name: 'x-tenant', authorize: () => false });
      const outcome = await chain([credential, refused]).identify(
        atHost('x.de', { token: 'acme', 'x-tenant': 'acme' }),
      );
      expect(outcome).toMatchObject({ kind: 'forbidden', by: 'header x-tenant' });
    });
  });

  it.each(['app.example.com', 'APP.example.com.', 'app.example.com:443'])(
    'finds nothing on a central host, and asks nobody: %s',
    async (host) => {
      const outcome = await chain([unreached], ['App.Example.com']).identify(atHost(host));
      expect(outcome).toEqual({ kind: 'none', onCentralHost: true });
    },
  );

  it('asks the identifiers on another host than the central ones', async () => {
    const outcome = await chain([byDomain()], ['app.example.com']).identify(atHost('acme.de'));
    expect(outcome).toMatchObject({ kind: 'found', tenant: acme });
  });
});

it('fails with what the registry fails with', async () => {
  tenants.answers = () => Promise.reject(new Error('central database is down'));
  await expect(chain().identify(atHost('acme.de'))).rejects.toThrow('central database is down');
  tenants.answers = () => {
    throw new Error('central database is down');
  };
  expect(() => chain().identify(atHost('acme.de'))).toThrow('central database is down');
});

it('refuses a central host that is none', () => {
  expect(() => chain(undefined, ['app.example.com', 'https://x.de'])).toThrow(TenancyOptionsError);
});

it('allocates no promise while everything answers from memory', () => {
  tenants.answers = (answer) => answer;
  const everything = chain(
    [credential, header, bySubdomain({ of: 'localhost' }), byDomain()],
    ['app.example.com'],
  );
  const requests = [
    atHost('acme.de', { token: 'acme', 'x-tenant': 'acme' }),
    atHost('acme.de'),
    atHost('nobody.de'),
    atHost('app.example.com'),
  ];
  let promises = 0;
  const hook = createHook({
    init(_id, type) {
      if (type === 'PROMISE') promises += 1;
    },
  }).enable();
  const outcomes = requests.map((request) => everything.identify(request));
  const counted = promises;
  void Promise.resolve(); // proves that the hook counts
  hook.disable();

  expect(outcomes).toEqual([
    expect.objectContaining({ kind: 'found', by: 'token' }),
    expect.objectContaining({ kind: 'found', by: 'domain' }),
    expect.objectContaining({ kind: 'unknown' }),
    { kind: 'none', onCentralHost: true },
  ]);
  expect([counted, promises]).toEqual([0, 1]);
});
