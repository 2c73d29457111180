import { normaliseHost } from '../../lib/tenant/host.js';

describe('normaliseHost', () => {
  it.each([
    ['acme.example.com', 'acme.example.com'],
    ['ACME.Example.COM', 'acme.example.com'],
    ['acme.example.com:8080', 'acme.example.com'],
    ['acme.example.com.', 'acme.example.com'],
    ['acme.example.com.:443', 'acme.example.com'],
    ['localhost', 'localhost'],
    ['127.0.0.1:3000', '127.0.0.1'],
    ['münchen.de', 'xn--mnchen-3ya.de'],
    ['MÜNCHEN.de:80', 'xn--mnchen-3ya.de'],
    ['xn--mnchen-3ya.de', 'xn--mnchen-3ya.de'],
    ['例え。テスト', 'xn--r8jz45g.xn--zckzah'],
  ])('spells %s as %s', (host, normalised) => {
    expect(normaliseHost(host)).toBe(normalised);
  });

  it.each([
    '',
    '.',
    '..',
    'a..b',
    '-a.com',
    'a-.com',
    'a b.com',
    'a_b.com',
    'user@a.com',
    'a.com/path',
    'a%41.com',
    'é%41.com',
    'é.com/path',
    'user@é.com',
    '\u00ad.com',
    '[::1]',
    '[::1]:3000',
    'https://a.com',
    '*.a.com',
    `${'a'.repeat(64)}.com`,
    `${'a.'.repeat(127)}a`,
  ])('finds no host name in "%s"', (host) => {
    expect(normaliseHost(host)).toBeUndefined();
  });
});
