import { MOST_UNITS } from '../options/is-limit.js';
import { QuotaAmountError } from './errors.js';

/** Counted are millionths of a quota's unit, as whole numbers: sums of fractions would drift. */
const PARTS = 1_000_000;

/**
 * An amount in units, as it is counted.
 * @throws QuotaAmountError unless it is a number from 0 to a billion
 */
export function toParts(amount: number): number {
  if (!(amount >= 0 && amount <= MOST_UNITS)) throw new QuotaAmountError(amount);
  if (Number.isInteger(amount)) return amount * PARTS;
  // Up, so that what is more than nothing never counts as nothing.
  return Math.ceil(Number((amount * PARTS).toFixed(3)));
}

export function toUnits(parts: number): number {
  return parts / PARTS;
}
