import { AllowedAddresses, isAllowedEntry } from '../../lib/maintenance/allowed-addresses.js';

it.each([
  ['10.0.0.0/8', '10.255.0.1', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['10.0.0.1', '10.0.0.1', true],
  ['10.0.0.1', '10.0.0.2', false],
  ['0.0.0.0/0', '203.0.113.9', true],
  ['0.0.0.0/0', '2001:db8::1', false],
  ['::/0', '2001:db8::1', true],
  ['::/0', '203.0.113.9', false],
  ['2001:db8::/32', '2001:DB8:0::1', true],
  ['2001:db8::/32', '2001:db9::1', false],
  ['fe80::/10', 'fe80::1%eth0', true],
  // IPv4 as IPv6 writes it, on either side.
  ['10.0.0.0/8', '::ffff:10.1.2.3', true],
  ['10.0.0.0/8', '::ffff:0a01:0203', true],
  ['10.0.0.0/8', '0:0:0:0:0:FFFF:a01:203', true],
  ['10.0.0.0/8', '::ffff:11.1.2.3', false],
  ['::ffff:10.0.0.0/104', '10.1.2.3', true],
  ['::ffff:10.0.0.0/104', '11.1.2.3', false],
  ['::ffff:10.0.0.1', '::ffff:a00:1', true],
  ['::ffff:10.0.0.1', '10.0.0.1', true],
  ['10.0.0.0/8', undefined, false],
  ['10.0.0.0/8', '10.1.2.3, 11.1.1.1', false],
  ['10.0.0.0/8', '10.1.2.3/8', false],
  ['10.0.0.0/8', '', false],
])('%s has %s: %s', (allowed, address, expected) => {
  expect(new AllowedAddresses([allowed]).has(address)).toBe(expected);
});

it.each([
  '10.0.0',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  '10.0.0.0/-1',
  '::/129',
  'localhost',
  'fe80::1%eth0',
  '',
  '010.0.0.1',
])('"%s" is refused', (entry) => expect(isAllowedEntry(entry)).toBe(false));
