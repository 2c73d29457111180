import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';

export const REDACTED = '[redacted]';

/** A name that holds one of these names a secret: without case, `-` and `_`. */
const SECRET_PARTS = [
  'password',
  'passwd',
  'passphrase',
  'passcode',
  'secret',
  'token',
  'authorization',
  'cookie',
  'credential',
  'apikey',
  'privatekey',
  'accesskey',
  'encryptionkey',
  'signingkey',
  'sessionid',
  'jwt',
  'cardnumber',
  'securitycode',
];
/** Short ones, which are parts of harmless names. */
const SECRET_NAMES = new Set([
  'pwd',
  'pass',
  'pin',
  'otp',
  'totp',
  'cvv',
  'cvc',
  'ssn',
  'iban',
  'sid',
  'auth',
]);

/** Characters that are kept of a text, levels of what is nested, and items of a list. */
const MOST = { text: 2_000, depth: 8, items: 100 };
/** Characters of all details together. */
const LONGEST = 32_000;

/**
 * Makes details fit to be kept: what stands under a secret's name is replaced, in objects, lists of names and values,
 * JSON inside of texts, forms and URLs; passwords in URLs and tokens of header fields too. What is long is cut.
 */
@Injectable()
export class Redaction {
  private readonly parts: readonly string[];

  constructor(@Inject(TENANCY_OPTIONS) { audit }: Pick<ResolvedTenancyOptions, 'audit'>) {
    this.parts = [...SECRET_PARTS, ...audit.redact.map(plain).filter((name) => name !== '')];
  }

  /** JSON, or null for nothing. */
  toText(details: unknown): string | null {
    const clean = this.clean(details, 0, new Set());
    if (clean === undefined || clean === null) return null;
    const text = JSON.stringify(clean);
    return text.length <= LONGEST ? text : JSON.stringify({ omitted: `${text.length} characters` });
  }

  /** Which fields of an object hold a secret: by their names, or because another one names what they hold. */
  secretsIn(fields: readonly (readonly [unknown, unknown])[]): (name: string) => boolean {
    // { name: 'password', value: '…' }, as forms, header lists and tables of settings have it.
    const named = fields.some(
      ([key, value]) =>
        /^(name|key|field|column|header)$/i.test(String(key)) && this.isSecret(String(value)),
    );
    return (name) => this.isSecret(name) || (named && /value|content|before|after/i.test(name));
  }

  private clean(value: unknown, depth: number, above: ReadonlySet<object>): unknown {
    switch (typeof value) {
      case 'string':
        return this.cleanText(value, depth);
      case 'bigint':
        return String(value);
      case 'number':
      case 'boolean':
        return value;
      case 'object':
        return value === null ? null : this.cleanObject(value, depth, above);
      default:
        return undefined;
    }
  }

  private cleanObject(value: object, depth: number, above: ReadonlySet<object>): unknown {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (above.has(value)) return '[circular]';
    if (depth >= MOST.depth) return '[…]';
    const within = new Set(above).add(value);
    if (value instanceof Map) return this.cleanFields([...value], depth, within);
    if (Array.isArray(value) || value instanceof Set) {
      const items: unknown[] = [...value];
      const some = items
        .slice(0, MOST.items)
        .map((item) => this.clean(item, depth + 1, within) ?? null);
      return items.length > MOST.items ? [...some, `[${items.length - MOST.items} more]`] : some;
    }
    return this.cleanFields(Object.entries(value), depth, within);
  }

  private cleanFields(
    fields: readonly (readonly [unknown, unknown])[],
    depth: number,
    within: ReadonlySet<object>,
  ): unknown {
    const isSecret = this.secretsIn(fields);
    const cleaned = fields.slice(0, MOST.items).flatMap(([key, value]) => {
      const name = cut(String(key), MOST.text);
      const clean =
        isSecret(name) && value !== null ? REDACTED : this.clean(value, depth + 1, within);
      return clean === undefined ? [] : [[name, clean]];
    });
    return Object.fromEntries(cleaned);
  }

  private cleanText(text: string, depth: number): unknown {
    if (depth < MOST.depth && /^\s*[[{]/.test(text)) {
      try {
        return this.clean(JSON.parse(text), depth + 1, new Set());
      } catch {
        // No JSON: a text like another.
      }
    }
    // Little enough to be looked at in a moment, and more than is kept, so that no half of a secret is.
    const some = text.slice(0, 4 * MOST.text);
    return cut(
      some
        .replace(/\b(Bearer|Basic|Digest|Negotiate)\s+[\w.~+/=-]{6,}/gi, `$1 ${REDACTED}`)
        .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, REDACTED)
        .replace(/([a-z][a-z\d+.-]{0,20}:\/\/)[^\s/?#]{0,500}@/gi, `$1${REDACTED}@`)
        .replace(
          /(["']?)([\w.[\]%-]{1,100})\1(\s{0,5}[=:]\s{0,5})("[^"]*"|'[^']*'|[^\s&;,]+)/g,
          (all, quote, name, sign) =>
            this.isSecret(name) ? `${quote}${name}${quote}${sign}${REDACTED}` : all,
        ),
      MOST.text,
    );
  }

  private isSecret(name: string): boolean {
    const known = plain(name);
    return SECRET_NAMES.has(known) || this.parts.some((part) => known.includes(part));
  }
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}… (${text.length})` : text;
}
