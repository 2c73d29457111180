import { createSecretKey, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { MasterKeys, type KeyOwner, type KeyProvider } from '../../lib/encryption/index.js';
import { resolveOptions } from '../../lib/options/resolve.js';
import { CredentialCipher, type SecretOwner } from '../../lib/tenant/credential-cipher.js';
import { codeOf } from '../support/rejection.js';
import { Vault } from './vault.js';

const newKey = () => randomBytes(32).toString('base64');
const cipherWith = (...credentialKeys: (string | KeyProvider)[]) =>
  new CredentialCipher(resolveOptions({ tenants: { credentialKeys } }, {}));
const decrypt = async (cipher: CredentialCipher, secret: string, owner: SecretOwner) =>
  (await cipher.opener(secret, owner))();

const ownerOf = (id: string, user: string, settings: KeyOwner['settings'] = {}): SecretOwner => ({
  tenant: { id, slug: 'acme', settings },
  user,
});
const ID = '00000000-0000-4000-8000-000000000001';
const OWNER = ownerOf(ID, 'tenancy_one');
const PASSWORD = 'correct-horse-battery-staple';

const flip = (secret: string, part: number) => {
  const parts = secret.split('.');
  const bytes = Buffer.from(parts[part]!, 'base64url');
  bytes[0]! ^= 1;
  parts[part] = bytes.toString('base64url');
  return parts.join('.');
};

describe.each<[string, () => string | KeyProvider]>([
  ['a key', newKey],
  ['master keys', () => new MasterKeys([newKey()])],
  ['a provider that gives promises', () => new Vault(['v.1'])],
])('the cipher of credentials with %s', (_which, newEntry) => {
  it('gives back what it was given, and shows nothing of it', async () => {
    const cipher = cipherWith(newEntry());
    const secret = await cipher.encrypt(PASSWORD, OWNER);
    expect(await decrypt(cipher, secret, OWNER)).toBe(PASSWORD);
    expect(secret).not.toContain(PASSWORD);
    expect(secret.length).toBeLessThan(255);
    expect(await cipher.encrypt(PASSWORD, OWNER)).not.toBe(secret);
  });

  it('encrypts with the first of them, and decrypts with any', async () => {
    for (const next of [newKey(), new MasterKeys([newKey()]), new Vault(['other'])]) {
      const old = newEntry();
      const before = await cipherWith(old).encrypt(PASSWORD, OWNER);
      const both = cipherWith(next, old);
      expect(await decrypt(both, before, OWNER)).toBe(PASSWORD);
      const after = await both.encrypt(PASSWORD, OWNER);
      expect(await decrypt(cipherWith(next), after, OWNER)).toBe(PASSWORD);
      expect(await decrypt(cipherWith(old, next), after, OWNER)).toBe(PASSWORD);
    }
  });

  it('names the key that is missing when the secret is opened, and not before', async () => {
    const secret = await cipherWith(newEntry()).encrypt(PASSWORD, OWNER);
    const [name] = secret.split('.');
    for (const other of [newKey(), new MasterKeys([newKey()]), new Vault(['other'])]) {
      const opening = await cipherWith(other).opener(secret, OWNER);
      expect(opening).toThrow(name);
      expect(await codeOf(opening)).toBe('CREDENTIAL_KEY_MISSING');
    }
  });

  it('does not take a part of the proof for the whole', async () => {
    const cipher = cipherWith(newEntry());
    // All that is sealed of an empty text is its proof: 16 bytes, of which these are 4.
    const [key, nonce, proof] = (await cipher.encrypt('', OWNER)).split('.');
    const cut = [key, nonce, proof!.slice(0, 6)].join('.');
    expect(await codeOf(() => decrypt(cipher, cut, OWNER))).toBe('CREDENTIALS_UNREADABLE');
  });

  const same = (secret: string) => secret;
  const cut = (secret: string) => secret.slice(0, -20);
  const bare = (secret: string) => `${secret.split('.')[0]}..`;
  it.each<[string, (secret: string) => string, SecretOwner]>([
    ['of another tenant', same, ownerOf('another', OWNER.user)],
    ['of another user', same, ownerOf(ID, 'another')],
    ['of names that add up to the same', same, ownerOf(ID.slice(0, -1), `1${OWNER.user}`)],
    ['with another nonce', (secret) => flip(secret, 1), OWNER],
    ['with another text', (secret) => flip(secret, 2), OWNER],
    ['that was cut off', cut, OWNER],
    ['of which only the key is left', bare, OWNER],
  ])('does not open a secret %s', async (_what, change, owner) => {
    const cipher = cipherWith(newEntry());
    const secret = change(await cipher.encrypt(PASSWORD, OWNER));
    expect(await codeOf(() => decrypt(cipher, secret, owner))).toBe('CREDENTIALS_UNREADABLE');
  });
});

describe('the cipher of credentials', () => {
  it('opens what was stored before there were providers', async () => {
    const key = Buffer.alloc(32, 'a key of long ago').toString('base64');
    const secret =
      'a39bd48de174ef44.AAECAwQFBgcICQoL.j-Drm7gW2fhQDulKJEQBssfPd77FaE3uBgECZ4XEF0dyQU2cuyEw0m9a_HU';
    for (const cipher of [cipherWith(key), cipherWith(new MasterKeys([newKey()]), key)]) {
      expect(await decrypt(cipher, secret, OWNER)).toBe(PASSWORD);
    }
  });

  it('has nothing to encrypt with without any key', async () => {
    expect(await codeOf(() => cipherWith().encrypt(PASSWORD, OWNER))).toBe(
      'CREDENTIAL_KEY_MISSING',
    );
  });

  it('tells no key', async () => {
    const [old, next, master] = [newKey(), newKey(), newKey()];
    const cipher = cipherWith(old, next, new MasterKeys([master]));
    const secret = await cipher.encrypt(PASSWORD, OWNER);
    for (const key of [old, next, master]) {
      expect(inspect(cipher, { depth: 9, showHidden: true })).not.toContain(key);
      expect(secret).not.toContain(Buffer.from(key, 'base64').toString('hex').slice(0, 16));
    }
  });

  it('takes the same key of two tenants apart, and the one for columns or messages too', async () => {
    const shared = createSecretKey(randomBytes(32));
    const key = { id: 'shared', key: shared };
    const cipher = cipherWith({ current: () => key, find: () => key });
    const secret = await cipher.encrypt(PASSWORD, OWNER);
    const owner = ownerOf('another', OWNER.user);
    expect(await codeOf(() => decrypt(cipher, secret, owner))).toBe('CREDENTIALS_UNREADABLE');
    const [, ...sealed] = secret.split('.');
    const list = cipherWith(shared.export().toString('base64'));
    const [name] = (await list.encrypt(PASSWORD, OWNER)).split('.');
    const renamed = [name, ...sealed].join('.');
    expect(await codeOf(() => decrypt(list, renamed, OWNER))).toBe('CREDENTIALS_UNREADABLE');
  });

  it('reads a password on, after the tenant or the master key got a new one', async () => {
    const [old, next] = [newKey(), newKey()];
    const rotated = ownerOf(ID, OWNER.user, { encryption: { keyVersion: 2 } });
    const first = await cipherWith(new MasterKeys([old])).encrypt(PASSWORD, OWNER);
    const both = cipherWith(new MasterKeys([next, old]));
    const second = await both.encrypt(PASSWORD, rotated);
    expect(await decrypt(both, first, rotated)).toBe(PASSWORD);
    expect(await decrypt(both, second, rotated)).toBe(PASSWORD);
    const without = cipherWith(new MasterKeys([next]));
    expect(await decrypt(without, second, rotated)).toBe(PASSWORD);
    expect(await codeOf(() => decrypt(without, first, rotated))).toBe('CREDENTIAL_KEY_MISSING');
  });

  it('passes on what the provider fails with, and asks again the next time', async () => {
    const vault = new Vault(['v1']);
    const cipher = cipherWith(vault);
    const secret = await cipher.encrypt(PASSWORD, OWNER);
    vault.failure = new Error('The vault is sealed.');
    await expect(cipher.encrypt(PASSWORD, OWNER)).rejects.toThrow('sealed');
    const opening = await cipher.opener(secret, OWNER);
    expect(opening).toThrow('sealed');
    vault.failure = undefined;
    expect(await decrypt(cipher, secret, OWNER)).toBe(PASSWORD);
  });

  it('asks no provider for what was encrypted with a key of the list', async () => {
    const [key, vault] = [newKey(), new Vault(['v1'])];
    const secret = await cipherWith(key).encrypt(PASSWORD, OWNER);
    expect(await decrypt(cipherWith(vault, key), secret, OWNER)).toBe(PASSWORD);
    expect(vault.asked).toBe(0);
  });

  it('refuses what a provider gives that is no key', async () => {
    const weak = { id: 'weak', key: createSecretKey(randomBytes(16)) };
    const unnamed = { id: 'not a name', key: createSecretKey(randomBytes(32)) };
    for (const wrong of [weak, unnamed]) {
      const cipher = cipherWith({ current: () => wrong, find: () => wrong });
      expect(await codeOf(() => cipher.encrypt(PASSWORD, OWNER))).toBe('ENCRYPTION_KEY_INVALID');
      const opening = await cipher.opener(`provider:weak.AAAA.AAAA`, OWNER);
      expect(await codeOf(opening)).toBe('ENCRYPTION_KEY_INVALID');
    }
  });
});
