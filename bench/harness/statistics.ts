/** The value below which the share `q` of `sorted` lies. */
export function quantile(sorted: readonly number[], q: number): number {
  if (sorted.length === 0) throw new RangeError('no value to take a quantile of');
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}

export function sorted(values: Iterable<number>): number[] {
  return [...values].sort((a, b) => a - b);
}

export function median(values: Iterable<number>): number {
  const inOrder = sorted(values);
  const middle = (inOrder.length - 1) / 2;
  return (inOrder[Math.floor(middle)] + inOrder[Math.ceil(middle)]) / 2;
}

/** What a figure was over the rounds of a run. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}
