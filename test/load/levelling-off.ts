import { plot } from 'asciichart';
import { atMost, type Bound } from '../../bench/harness/bounds.js';
import { median } from '../../bench/harness/statistics.js';

/** Something that is sampled over a run and must not go on growing. */
export interface Series {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
  /** What the median of the last third may be over that of the middle third: a share of it, and something besides. */
  readonly tolerance: { readonly share: number; readonly besides: number };
}

const COLUMNS = 90;
const LINES = 8;

/** A graph for the terminal, and how the middle third compares with the last. */
export function graphOf(series: Series): string {
  const { middle, last } = thirdsOf(series.values);
  const width = Math.min(COLUMNS, series.values.length);
  const points = Array.from({ length: width }, (_, column) => {
    const from = Math.floor((column * series.values.length) / width);
    const to = Math.floor(((column + 1) * series.values.length) / width);
    return median(series.values.slice(from, Math.max(to, from + 1)));
  });
  const heading =
    `${series.name}, ${series.unit} (median of the middle third ${middle.toFixed(1)}, ` +
    `of the last ${last.toFixed(1)})`;
  return `${heading}\n${plot(points, { height: LINES })}`;
}

export function levelsOff(series: Series): Bound {
  const { middle, last } = thirdsOf(series.values);
  const { share, besides } = series.tolerance;
  const allowed = Number((middle * (1 + share) + besides).toFixed(1));
  return atMost(`${series.name} in the last third`, last, allowed, series.unit);
}

/** Medians. The first third is for what is made once: compiled code, pools, caches that fill. */
export function thirdsOf(values: readonly number[]): {
  readonly middle: number;
  readonly last: number;
} {
  const third = Math.floor(values.length / 3);
  return { middle: median(values.slice(third, 2 * third)), last: median(values.slice(2 * third)) };
}
