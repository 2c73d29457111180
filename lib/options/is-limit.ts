import { ValidateBy } from 'class-validator';

/** The largest number of units: with six decimals it is still counted exactly. */
export const MOST_UNITS = 1_000_000_000;

export function isLimit(value: unknown): boolean {
  return value === null || (typeof value === 'number' && value >= 0 && value <= MOST_UNITS);
}

/** What {@link isLimit} refuses has to be. */
export const LIMIT_PROBLEM = `must be null or a number from 0 to ${MOST_UNITS}`;

export function IsLimit(): PropertyDecorator {
  return ValidateBy({
    name: 'isLimit',
    validator: { validate: isLimit, defaultMessage: () => LIMIT_PROBLEM },
  });
}
