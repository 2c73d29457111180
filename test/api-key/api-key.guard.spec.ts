import { byApiKey, bySubdomain, type Identifier } from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { ask, PLATFORMS, type Answer } from '../support/http.js';
import { until } from '../support/until.js';
import { startApiKeyApp, type ApiKeyApp } from './api-key-app.js';

const [engine] = engines;
const HOST = bySubdomain({ of: 'localhost' });
const CHAINS: Record<string, readonly Identifier[]> = {
  'the host names the tenant': [HOST],
  'host and key name it': [byApiKey(), HOST],
};
const arrangements = Object.entries(PLATFORMS).flatMap(([platform, adapter]) =>
  Object.entries(CHAINS).map(([chain, identify]) => ({ platform, adapter, chain, identify })),
);

type Keys = Record<
  | 'right'
  | 'unscoped'
  | 'partly'
  | 'all'
  | 'others'
  | 'expired'
  | 'revoked'
  | 'central'
  | 'centralUnscoped'
  | 'centralRevoked'
  | 'slow',
  string
>;

const REFUSALS = {
  missing: { status: 401, code: 'API_KEY_MISSING' },
  invalid: { status: 401, code: 'API_KEY_INVALID' },
  mismatch: { status: 403, code: 'TENANT_FORBIDDEN' },
  scope: { status: 403, code: 'API_KEY_SCOPE' },
} as const;

describe.each(arrangements)('@ApiKey() on $platform, where $chain', ({ adapter, identify }) => {
  let setup: EngineSetup;
  let app: ApiKeyApp;
  let keys: Keys;

  beforeAll(async () => {
    setup = await engine!.prepare();
    app = await startApiKeyApp(setup, adapter(), {
      identify,
      http: { centralHosts: ['admin.localhost'] },
      quota: { store: 'memory', catalogue: { monthly_emails: { limit: 3 } } },
    });
    for (const slug of ['acme', 'other', 'suspended']) await app.tenants.create({ slug });
    const { apiKeys, tenancy } = app;
    const scopes = ['invoices:read'];
    const of = async (slug: string, input: Partial<Parameters<typeof apiKeys.create>[0]> = {}) =>
      tenancy.run(slug, () => apiKeys.create({ name: `of ${slug}`, scopes, ...input }));
    const expired = await of('acme', { expiresAt: new Date(Date.now() + 500) });
    const revoked = await of('acme');
    await tenancy.run('acme', () => apiKeys.revoke(revoked.info.id));
    const central = (name: string, given: string[] = []) =>
      apiKeys.central.create({ name, scopes: given });
    const centralRevoked = await central('revoked', ['tenants:read']);
    await apiKeys.central.revoke(centralRevoked.info.id);
    keys = {
      right: (await of('acme')).key,
      unscoped: (await of('acme', { scopes: ['invoices', 'invoices:reading', 'INVOICES:READ'] }))
        .key,
      partly: (await of('acme', { scopes: [...scopes, 'mail'] })).key,
      all: (await of('acme', { scopes: [...scopes, 'mail', 'invoices:send'] })).key,
      others: (await of('other')).key,
      expired: expired.key,
      revoked: revoked.key,
      central: (await central('operator', ['tenants:read', ...scopes])).key,
      centralUnscoped: (await central('nobody')).key,
      centralRevoked: centralRevoked.key,
      slow: (await of('other', { requestsPerMinute: 2 })).key,
    };
    await until('it has expired', () => Date.now() >= Number(expired.info.expiresAt));
  });
  afterAll(async () => {
    await app.nest.close();
    await setup.cleanUp();
  });

  const at = (host: string, path: string, headers: Record<string, string> = {}) =>
    ask(app.nest, path, { host, headers });
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
  const told = ({ status, body }: Answer) => ({ status, code: (body as { code?: string }).code });

  it.each([
    ['no key', () => ({}), REFUSALS.missing],
    ['an empty key', () => ({ 'x-api-key': '' }), REFUSALS.missing],
    ['somebody else’s token', () => bearer('eyJhbGciOiJIUzI1NiJ9.e30.c2ln'), REFUSALS.missing],
    ['a password', () => ({ authorization: `Basic ${btoa('a:b')}` }), REFUSALS.missing],
    ['wrong tenant’s key', () => bearer(keys.others), REFUSALS.mismatch],
    ['a central key', () => bearer(keys.central), REFUSALS.mismatch],
    ['an expired key', () => bearer(keys.expired), REFUSALS.invalid],
    ['a revoked key', () => bearer(keys.revoked), REFUSALS.invalid],
    ['a mistyped key', () => bearer(`${keys.right.slice(0, -1)}_`), REFUSALS.invalid],
    ['no key at all', () => ({ 'x-api-key': 'password' }), REFUSALS.invalid],
    ['two keys', () => ({ ...bearer(keys.right), 'x-api-key': keys.unscoped }), REFUSALS.invalid],
    ['the wrong scope', () => bearer(keys.unscoped), REFUSALS.scope],
  ])('refuses %s', async (_what, headers, refusal) => {
    const answer = await at('acme.localhost', '/invoices', headers());
    expect(told(answer)).toEqual(refusal);
    expect(JSON.stringify(answer.body)).not.toContain(keys.right.slice(0, 10));
  });

  it.each([
    ['Authorization: Bearer', () => bearer(keys.right)],
    ['authorization: bearer', () => ({ authorization: `bearer  ${keys.right} ` })],
    ['X-API-Key', () => ({ 'X-API-Key': keys.right })],
    ['both', () => ({ ...bearer(keys.right), 'x-api-key': keys.right })],
  ])('lets in who sends the right one as %s', async (_what, headers) => {
    const { status, body } = await at('acme.localhost', '/invoices', headers());
    expect({ status, body }).toEqual({ status: 200, body: { slug: 'acme', name: 'of acme' } });
  });

  it('never looks into the URL', async () => {
    const path = `/invoices?api_key=${keys.right}&x-api-key=${keys.right}&access_token=${keys.right}`;
    expect(told(await at('acme.localhost', path))).toEqual(REFUSALS.missing);
  });

  it('tells the client nothing of why a key is not valid', async () => {
    const bodies = [keys.expired, keys.revoked, `${keys.right.slice(0, -1)}_`].map(
      async (key) => (await at('acme.localhost', '/invoices', bearer(key))).body,
    );
    for (const body of await Promise.all(bodies)) {
      expect(body).toEqual({
        statusCode: 401,
        code: 'API_KEY_INVALID',
        message: 'The API key is not valid',
      });
    }
  });

  it('asks for what controller and route name together, before any quota is used', async () => {
    for (let time = 0; time < 5; time += 1) {
      for (const path of ['/open/send', '/open/resend']) {
        expect(told(await at('acme.localhost', path))).toEqual(REFUSALS.missing);
      }
      const partly = await at('acme.localhost', '/invoices/send', bearer(keys.partly));
      expect(told(partly)).toEqual(REFUSALS.scope);
      expect(partly.body).toMatchObject({
        message: 'The API key lacks the scope(s) invoices:send',
      });
    }
    expect((await at('acme.localhost', '/invoices/send', bearer(keys.all))).status).toBe(200);
    expect((await at('acme.localhost', '/open/send', bearer(keys.right))).status).toBe(200);
    expect((await at('acme.localhost', '/invoices/send', bearer(keys.all))).status).toBe(200);
    expect((await at('acme.localhost', '/invoices/send', bearer(keys.all))).status).toBe(429);
  });

  it.each([
    ['no key', () => ({}), REFUSALS.missing],
    ['a tenant’s key', () => bearer(keys.right), REFUSALS.mismatch],
    ['a revoked key', () => bearer(keys.centralRevoked), REFUSALS.invalid],
    ['the wrong scope', () => bearer(keys.centralUnscoped), REFUSALS.scope],
    ['the right one', () => bearer(keys.central), { status: 200, code: undefined }],
  ])('on a central route answers %s as stated', async (_what, headers, answer) => {
    expect(told(await at('admin.localhost', '/central', headers()))).toEqual(answer);
  });

  it('a route for both takes the key of whom it is asked for', async () => {
    const names = async (host: string, key: string) =>
      told(await at(host, '/anybody', bearer(key))).status;
    expect(await names('acme.localhost', keys.right)).toBe(200);
    expect(await names('admin.localhost', keys.central)).toBe(200);
    expect(await names('admin.localhost', keys.right)).toBe(403);
    expect(await names('acme.localhost', keys.central)).toBe(403);
  });

  it('leaves routes alone that ask for none, and hands no key to them', async () => {
    expect((await at('acme.localhost', '/open')).status).toBe(200);
    const { status } = await at('acme.localhost', '/open/key', bearer(keys.right));
    expect(status).toBe(401);
  });

  it('holds a key to its rate, and no other one', async () => {
    const asked = async (key: string) => at('other.localhost', '/invoices', bearer(key));
    const statuses = async () => [(await asked(keys.slow)).status, (await asked(keys.slow)).status];
    // A minute may begin in between.
    const all = [...(await statuses()), ...(await statuses()), ...(await statuses())];
    expect(all.filter((status) => status === 429).length).toBeGreaterThanOrEqual(2);
    expect(all.slice(0, 2)).toEqual([200, 200]);
    const refused = await asked(keys.slow);
    if (refused.status === 429) {
      expect(told(refused).code).toBe('API_KEY_RATE_EXCEEDED');
      expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
    }
    expect((await asked(keys.others)).status).toBe(200);
  });

  it('a tenant that is not served is not, with whatever key', async () => {
    const { key } = await app.tenancy.run('suspended', () =>
      app.apiKeys.create({ name: 'its', scopes: ['invoices:read'] }),
    );
    await app.tenants.suspend('suspended');
    const answer = await at('suspended.localhost', '/invoices', bearer(key));
    expect(told(answer)).toEqual({ status: 403, code: 'TENANT_SUSPENDED' });
  });
});
