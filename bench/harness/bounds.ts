/** A figure that must not be worse than a limit. */
export interface Bound {
  readonly what: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
  readonly holds: boolean;
  readonly text: string;
}

export function atLeast(what: string, value: number, limit: number, unit: string): Bound {
  return bound(what, value, limit, unit, value >= limit, 'at least');
}

export function atMost(what: string, value: number, limit: number, unit: string): Bound {
  return bound(what, value, limit, unit, value <= limit, 'at most');
}

/** The closing line: every bound that holds, or those that do not. */
export function verdict(bounds: readonly Bound[]): {
  readonly holds: boolean;
  readonly line: string;
} {
  const failed = bounds.filter(({ holds }) => !holds);
  const holds = failed.length === 0;
  const texts = (holds ? bounds : failed).map(({ text }) => text).join('; ');
  return { holds, line: `${holds ? 'Holds' : 'Does not hold'}: ${texts}.` };
}

function bound(
  what: string,
  value: number,
  limit: number,
  unit: string,
  holds: boolean,
  relation: string,
): Bound {
  const text = `${what} ${figure(value)} ${unit} (${relation} ${limit})`;
  return { what, value, limit, unit, holds, text };
}

function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(3);
}
