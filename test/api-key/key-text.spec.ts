import { hashOf, idIn, isMeantAsKey, makeKey } from '../../lib/api-key/key-text.js';
import { seeded } from '../support/seeded.js';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

it('a key is letters and digits behind what may be shown of it, and no two are alike', () => {
  const { id, prefix, text } = makeKey('acme_live');
  expect(prefix).toBe(`acme_live_${id}`);
  expect(text).toMatch(new RegExp(`^${prefix}_[0-9A-Za-z]{49}$`));
  expect(idIn(text)).toBe(id);
  const texts = Array.from({ length: 1_000 }, () => makeKey('tk').text);
  expect(new Set(texts).size).toBe(1_000);
  expect(texts.every((one) => one.length === 69)).toBe(true);
});

it('what is mistyped is known as such without a database', () =>
  seeded((random) => {
    for (let time = 0; time < 2_000; time += 1) {
      const { text } = makeKey('tk');
      const place = 3 + random.below(text.length - 3);
      const letter = random.pick([...ALPHABET].filter((one) => one !== text[place]));
      const mistyped = text.slice(0, place) + letter + text.slice(place + 1);
      const swapped =
        text.slice(0, place - 1) + text[place] + text[place - 1] + text.slice(place + 1);
      for (const wrong of [mistyped, swapped === text ? mistyped : swapped]) {
        expect([wrong, idIn(wrong)]).toEqual([wrong, undefined]);
      }
    }
  }));

it.each([
  ['cut off', (key: string) => key.slice(0, -1)],
  ['longer', (key: string) => `${key}0`],
  ['with a space', (key: string) => ` ${key}`],
  ['with a line break', (key: string) => `${key}\n`],
  ['twice', (key: string) => `${key}, ${key}`],
  ['in capitals', (key: string) => key.toUpperCase()],
  ['another prefix', (key: string) => key.replace('tk_', 'sk_')],
  ['nothing', () => ''],
  ['long', (key: string) => key.repeat(10_000)],
])('a key that is %s is none', (_what, spoil) => {
  expect(idIn(spoil(makeKey('tk').text))).toBeUndefined();
});

it('another bearer token is not meant as a key; a wrong one is', () => {
  const { text } = makeKey('old');
  expect(isMeantAsKey(text, 'tk')).toBe(true);
  expect(isMeantAsKey('tk_mistyped', 'tk')).toBe(true);
  for (const other of [
    'eyJhbGciOiJIUzI1NiJ9.e30.c2ln',
    'tkx',
    'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
  ]) {
    expect(isMeantAsKey(other, 'tk')).toBe(false);
  }
});

it('its hash is SHA-256 of all of it', () => {
  expect(hashOf('abc').toString('hex')).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});
