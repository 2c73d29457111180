import type { LoggerService } from '@nestjs/common';
import { inspect } from 'node:util';
import { currentTenant } from '../context/tenant-context.js';

const LEVELS = new Set<PropertyKey>(['log', 'error', 'warn', 'debug', 'verbose', 'fatal']);

/**
 * An app's own logger, with the slug of the tenant in each message that is logged for one: before a text, and as
 * `tenant` in a plain object. Anything else is logged as the text that `util.inspect` makes of it. The rest of the
 * logger is as it was.
 *
 * ```ts
 * app.useLogger(logWithTenant(app.get(WinstonLogger)));
 * ```
 */
export function logWithTenant<L extends LoggerService>(logger: L): L {
  return new Proxy(logger, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      if (!LEVELS.has(name)) return member.bind(target) as unknown;
      return (message: unknown, ...more: unknown[]): unknown =>
        member.call(target, marked(message), ...more);
    },
  });
}

function marked(message: unknown): unknown {
  const slug = currentTenant()?.slug;
  if (slug === undefined) return message;
  if (typeof message === 'string') return `[${slug}] ${message}`;
  if (isPlainObject(message)) return { ...message, tenant: slug };
  return `[${slug}] ${inspect(message)}`;
}

function isPlainObject(value: unknown): value is object {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}
