import { hash, randomBytes, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

// tk_4f0c2b9a7d1e8c35_<43 letters and digits of 256 random bits><6 of their checksum>: letters and digits alone, so that
// a double click selects all of it, and with a beginning that scanners for secrets find.

const SHAPE = /^([a-z][a-z0-9_]{0,31}_([0-9a-f]{16}))_[0-9A-Za-z]{49}$/;
const BEGINNING = /^[a-z][a-z0-9_]{0,31}_[0-9a-f]{16}_/;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Digits of the secret: 62 to the power of 43 is just above 2 to that of 256. */
const SECRET = 43;
/** Digits of the checksum, of 32 bits. */
const CHECK = 6;

export interface NewKey {
  readonly id: string;
  /** What may be shown of it. */
  readonly prefix: string;
  /** All of it: the secret. */
  readonly text: string;
}

/** A new key, of 256 random bits. */
export function makeKey(prefix: string): NewKey {
  const id = randomBytes(8).toString('hex');
  const shown = `${prefix}_${id}`;
  const secret = Array.from({ length: SECRET }, () => DIGITS[randomInt(DIGITS.length)]);
  const body = `${shown}_${secret.join('')}`;
  return { id, prefix: shown, text: body + checksumOf(body) };
}

/** The id in `text`, or undefined for what is no key: mistyped, cut off, of somebody else. */
export function idIn(text: string): string | undefined {
  const [, , id] = SHAPE.exec(text) ?? [];
  if (id === undefined) return undefined;
  return text.slice(-CHECK) === checksumOf(text.slice(0, -CHECK)) ? id : undefined;
}

/** Whether `text` is meant as a key, right or wrong: other tokens stand in the same header. */
export function isMeantAsKey(text: string, prefix: string): boolean {
  return text.startsWith(`${prefix}_`) || BEGINNING.test(text);
}

/**
 * SHA-256, and no slow hash such as bcrypt: those make up for passwords that can be guessed. Nobody guesses 256 random
 * bits, and what is slow would be paid for at every request, and by whoever is sent made-up keys.
 */
export function hashOf(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

function checksumOf(text: string): string {
  let rest = crc32(text);
  let digits = '';
  while (digits.length < CHECK) {
    digits = DIGITS[rest % DIGITS.length] + digits;
    rest = Math.floor(rest / DIGITS.length);
  }
  return digits;
}
