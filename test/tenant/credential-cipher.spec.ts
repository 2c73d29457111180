import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { resolveOptions } from '../../lib/options/resolve.js';
import { CredentialCipher } from '../../lib/tenant/credential-cipher.js';
import { codeOf } from '../support/rejection.js';

const newKey = () => randomBytes(32).toString('base64');
const cipherWith = (...credentialKeys: string[]) =>
  new CredentialCipher(resolveOptions({ tenants: { credentialKeys } }, {}));

const OWNER = { tenantId: '00000000-0000-4000-8000-000000000001', user: 'tenancy_one' };
const PASSWORD = 'correct-horse-battery-staple';

describe('the cipher of credentials', () => {
  it('gives back what it was given, and shows nothing of it', () => {
    const cipher = cipherWith(newKey());
    const secret = cipher.encrypt(PASSWORD, OWNER);
    expect(cipher.decrypt(secret, OWNER)).toBe(PASSWORD);
    expect(secret).not.toContain(PASSWORD);
    expect(secret.length).toBeLessThan(255);
    expect(cipher.encrypt(PASSWORD, OWNER)).not.toBe(secret);
  });

  it('encrypts with the first key, and decrypts with any', () => {
    const [old, next] = [newKey(), newKey()];
    const before = cipherWith(old).encrypt(PASSWORD, OWNER);
    const both = cipherWith(next, old);
    expect(both.decrypt(before, OWNER)).toBe(PASSWORD);
    const after = both.encrypt(PASSWORD, OWNER);
    expect(cipherWith(next).decrypt(after, OWNER)).toBe(PASSWORD);
  });

  it('names the key that is missing, without telling a key', async () => {
    const [old, next] = [newKey(), newKey()];
    const secret = cipherWith(old).encrypt(PASSWORD, OWNER);
    const [fingerprint] = secret.split('.');
    const opening = () => cipherWith(next).decrypt(secret, OWNER);
    expect(await codeOf(opening)).toBe('CREDENTIAL_KEY_MISSING');
    expect(opening).toThrow(fingerprint);
    expect(await codeOf(() => cipherWith().encrypt(PASSWORD, OWNER))).toBe(
      'CREDENTIAL_KEY_MISSING',
    );
    for (const key of [old, next]) {
      expect(inspect(cipherWith(old, next), { depth: 9, showHidden: true })).not.toContain(key);
      expect(secret).not.toContain(Buffer.from(key, 'base64').toString('hex').slice(0, 16));
    }
  });

  const flip = (secret: string, part: number) => {
    const parts = secret.split('.');
    const bytes = Buffer.from(parts[part]!, 'base64url');
    bytes[0]! ^= 1;
    parts[part] = bytes.toString('base64url');
    return parts.join('.');
  };
  it('does not take a part of the proof for the whole', async () => {
    const cipher = cipherWith(newKey());
    // All that is sealed of an empty text is its proof: 16 bytes, of which these are 4.
    const [key, nonce, proof] = cipher.encrypt('', OWNER).split('.');
    const opening = () => cipher.decrypt([key, nonce, proof!.slice(0, 6)].join('.'), OWNER);
    expect(await codeOf(opening)).toBe('CREDENTIALS_UNREADABLE');
  });

  const cut = (secret: string) => secret.slice(0, -20);
  const bare = (secret: string) => `${secret.split('.')[0]}..`;
  it.each<[string, (secret: string) => string, Partial<typeof OWNER>]>([
    ['of another tenant', (secret) => secret, { tenantId: 'another' }],
    ['of another user', (secret) => secret, { user: 'another' }],
    ['of names that add up to the same', (secret) => secret, shifted(OWNER)],
    ['with another nonce', (secret) => flip(secret, 1), {}],
    ['with another text', (secret) => flip(secret, 2), {}],
    ['that was cut off', cut, {}],
    ['of which only the key is left', bare, {}],
  ])('does not open a secret %s', async (_which, change, owner) => {
    const cipher = cipherWith(newKey());
    const secret = change(cipher.encrypt(PASSWORD, OWNER));
    expect(await codeOf(() => cipher.decrypt(secret, { ...OWNER, ...owner }))).toBe(
      'CREDENTIALS_UNREADABLE',
    );
  });
});

function shifted({ tenantId, user }: typeof OWNER): typeof OWNER {
  return { tenantId: tenantId.slice(0, -1), user: tenantId.slice(-1) + user };
}
