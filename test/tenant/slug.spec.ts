import { isSlug } from '../../lib/tenant/slug.js';

describe('isSlug', () => {
  it.each(['a', '7', 'acme', 'acme-2', 'a--b', 'a'.repeat(63)])('takes "%s"', (value) => {
    expect(isSlug(value)).toBe(true);
  });

  it.each([
    '',
    'Acme',
    '-acme',
    'acme-',
    'ac me',
    'acme.de',
    'acme_de',
    'münchen',
    'acme\n',
    'a'.repeat(64),
    '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  ])('refuses "%s"', (value) => {
    expect(isSlug(value)).toBe(false);
  });
});
