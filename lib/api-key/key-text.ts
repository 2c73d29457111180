import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

// tk_4f0c2b9a7d1e8c35_<43 letters and digits of 256 random bits><6 of their checksum>: letters and digits alone, so that
// a double click selects all of it, and with a beginning that scanners for secrets find.

const SHAPE = /^([a-z][a-z0-9_]{0,31}_([0-9a-f]{16}))_[0-9A-Za-z]{49}$/;
const BEGINNING = /^[a-z][a-z0-9_]{0,31}_[0-9a-f]{16}_/;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Digits of a checksum. */
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
  const body = `${shown}_${inDigits(randomBytes(32), 43)}`;
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
  return createHash('sha256').update(text).digest();
}

function checksumOf(text: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return inDigits(bytes, CHECK);
}

function inDigits(bytes: Buffer, length: number): string {
  let number = BigInt(`0x${bytes.toString('hex')}`);
  let digits = '';
  while (digits.length < length) {
    digits = DIGITS[Number(number % 62n)] + digits;
    number /= 62n;
  }
  return digits;
}
