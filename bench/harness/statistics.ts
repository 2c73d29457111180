/** The value below which the share `q` of `values`, which are in order, lies. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new RangeError('no value to take a quantile of');
  return values[Math.min(values.length - 1, Math.floor(values.length * q))];
}

export function inOrder(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

export function median(values: readonly number[]): number {
  const ordered = inOrder(values);
  const middle = (ordered.length - 1) / 2;
  return (ordered[Math.floor(middle)] + ordered[Math.ceil(middle)]) / 2;
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
