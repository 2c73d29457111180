import { createHmac } from 'node:crypto';
import { byTokenClaim } from '../../lib/identify/by-token-claim.js';
import { InvalidTenantKey, type IdentifiableRequest } from '../../lib/options/identifier.js';

/** A signed token as small as one can be: the payload and its HMAC. */
function sign(payload: unknown, secret = 'ours'): string {
  const body = Buffer.from(JSON.stringify(payload)).toString('base64url');
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

function verify(token: string): unknown {
  const payload: unknown = JSON.parse(
    Buffer.from(token.split('.')[0] ?? '', 'base64url').toString(),
  );
  if (sign(payload) !== token) throw new Error('invalid signature');
  return payload;
}

const withAuthorization = (authorization?: string): IdentifiableRequest => ({
  headers: { authorization },
});
const bearer = (payload: unknown, secret?: string) =>
  withAuthorization(`Bearer ${sign(payload, secret)}`);

const synchronous = byTokenClaim({ claim: 'tid', verify });
const asynchronous = byTokenClaim({ claim: 'tid', verify: async (token) => verify(token) });

describe.each([
  ['at once', synchronous],
  ['by a promise', asynchronous],
])('a token claim, verified %s', (_how, identifier) => {
  it('is a credential that nobody forges', () => {
    expect(identifier).toMatchObject({
      name: 'token claim tid',
      credential: true,
      forgeable: false,
    });
  });

  it.each([
    [{ tid: 'Acme' }, { kind: 'slug', value: 'acme' }],
    [
      { tid: '3F2504E0-4F89-41D3-9A0C-0305E82C3301' },
      { kind: 'id', value: '3f2504e0-4f89-41d3-9a0c-0305e82c3301' },
    ],
    [{ sub: 'somebody' }, undefined],
    [{ tid: null }, undefined],
  ])('names the tenant: %j', async (payload, key) => {
    expect(await identifier.identify(bearer(payload))).toEqual(key);
  });

  it.each([
    ['is no string', { tid: 7 }, 'not a string'],
    ['is no slug', { tid: 'a b' }, 'neither a UUID nor a slug'],
    ['has no payload', 'acme', 'no payload'],
  ])('is invalid when it %s', async (_what, payload, problem) => {
    const key = await identifier.identify(bearer(payload));
    expect(key).toMatchObject({ problem: expect.stringContaining(problem), credential: true });
  });

  it('is invalid when the token does not verify', async () => {
    const key = await identifier.identify(bearer({ tid: 'acme' }, 'theirs'));
    expect(key).toEqual(new InvalidTenantKey('the token does not verify: invalid signature', true));
  });

  it.each([undefined, '', 'Basic YTpi', 'Bearer', 'Bearer '])(
    'is not there with the header %j',
    async (header) => {
      expect(await identifier.identify(withAuthorization(header))).toBeUndefined();
    },
  );

  it('is read from a bearer header in any case', async () => {
    const header = `bearer  ${sign({ tid: 'acme' })}`;
    expect(await identifier.identify(withAuthorization(header))).toMatchObject({ value: 'acme' });
  });
});

it('reads the token from where the app says', () => {
  const identifier = byTokenClaim({
    claim: 'tid',
    verify,
    from: ({ headers }) => headers['x-token'] as string | undefined,
  });
  const request = { headers: { 'x-token': sign({ tid: 'acme' }) } };
  expect(identifier.identify(request)).toEqual({ kind: 'slug', value: 'acme' });
});

it('does not take an inherited property for a claim', () => {
  const identifier = byTokenClaim({ claim: 'constructor', verify });
  expect(identifier.identify(bearer({ tid: 'acme' }))).toBeUndefined();
});
