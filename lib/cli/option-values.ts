import { InvalidArgumentError } from 'commander';
import type { TenantSettings } from '../context/current-tenant.js';

/** Settings as a JSON object on the command line. */
export function parseSettings(text: string): TenantSettings {
  try {
    const settings: unknown = JSON.parse(text);
    if (typeof settings === 'object' && settings !== null && !Array.isArray(settings)) {
      return settings as TenantSettings;
    }
  } catch {
    // Said below, with what is expected.
  }
  throw new InvalidArgumentError('It must be a JSON object, such as \'{"plan":"pro"}\'.');
}

/** A number from 1 on. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new InvalidArgumentError('It must be a whole number from 1 on.');
}

/** A moment, such as 2031-01-01 or 2031-01-01T12:00:00Z. */
export function parseDate(text: string): Date {
  const date = new Date(text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError('It must be a date, such as 2031-01-01 or 2031-01-01T12:00:00Z.');
}

/** For an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
